package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

const envPrefix = "LEPUS_"

// envVar returns the name of the environment variable that sets a flag.
func envVar(flag string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// addEnvVars gives each flag its environment variable.
func addEnvVars(flags []cli.Flag) {
	for _, f := range flags {
		vars := []string{envVar(f.Names()[0])}
		switch f := f.(type) {
		case *cli.StringFlag:
			f.EnvVars = vars
		case *cli.PathFlag:
			f.EnvVars = vars
		case *cli.StringSliceFlag:
			f.EnvVars = vars
		case *cli.BoolFlag:
			f.EnvVars = vars
		case *cli.IntFlag:
			f.EnvVars = vars
		case *cli.DurationFlag:
			f.EnvVars = vars
		case *cli.Float64Flag:
			f.EnvVars = vars
		}
	}
}

// unknownEnvVars returns the variables in environ, sorted, that look as if
// they should set a flag and set none: most often a slip of the pen. Those that
// Kubernetes sets where there is a service of our name are not meant for us.
func unknownEnvVars(app *cli.App, environ []string) []string {
	known := make(map[string]bool)
	for _, c := range app.Commands {
		for _, f := range c.Flags {
			known[envVar(f.Names()[0])] = true
		}
	}
	var unknown []string
	for _, e := range environ {
		name, _, _ := strings.Cut(e, "=")
		foreign := strings.HasPrefix(name, envPrefix+"SERVICE_") || strings.HasPrefix(name, envPrefix+"PORT")
		if strings.HasPrefix(name, envPrefix) && !known[name] && !foreign {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	return unknown
}
