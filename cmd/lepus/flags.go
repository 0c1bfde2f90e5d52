package main

import (
	"os"
	"path/filepath"
	"runtime"

	"github.com/urfave/cli/v2"

	"github.com/lepusmq/lepus/broker"
	"github.com/lepusmq/lepus/broker/conf"
)

// settingFlags are the flags with which settings are given: one for each key of
// the configuration that has one, and those for files and for all other keys.
func settingFlags() []cli.Flag {
	const files = "Configuration"
	flags := []cli.Flag{
		&cli.StringSliceFlag{
			Name: "config", Category: files, DefaultText: "what the environment names, or /etc/rabbitmq",
			Usage: "read the configuration from `FILE`, or from all *.conf in a folder; none is from nowhere; can be repeated",
		},
		&cli.StringSliceFlag{Name: "set", Category: files, Usage: "set a key of the configuration by `KEY=VALUE`; can be repeated"},
	}
	for _, k := range conf.Keys() {
		if k.Flag == "" {
			continue
		}
		usual := k.UsualValue()
		if k.Flag == dataDirFlag {
			usual = defaultDataDir(runtime.GOOS, os.Getenv)
		}
		switch {
		case k.Switch():
			flags = append(flags, &cli.BoolFlag{Name: k.Flag, Category: k.Kind, Usage: k.Doc})
		case k.Many():
			flags = append(flags, &cli.StringSliceFlag{Name: k.Flag, Category: k.Kind, Usage: k.Doc + "; can be repeated", DefaultText: usual})
		default:
			flags = append(flags, &cli.StringFlag{Name: k.Flag, Category: k.Kind, Usage: k.Doc, DefaultText: usual})
		}
	}
	return flags
}

const dataDirFlag = "data-dir"

// assignments are what the flags, or their variables, assign.
func assignments(c *cli.Context) ([]conf.Assignment, error) {
	var all []conf.Assignment
	for _, k := range conf.Keys() {
		if k.Flag == "" || !c.IsSet(k.Flag) {
			continue
		}
		all = append(all, k.Flagged(given(c, &k), origin(k.Flag))...)
	}
	for _, s := range c.StringSlice("set") {
		a, err := conf.ParseAssignment(s, origin("set"))
		if err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	return all, nil
}

// given returns the values of a key's flag.
func given(c *cli.Context, k *conf.Key) []string {
	switch {
	case k.Switch() && c.Bool(k.Flag):
		return []string{"true"}
	case k.Switch():
		return []string{"false"}
	case k.Many():
		return c.StringSlice(k.Flag)
	}
	return []string{c.String(k.Flag)}
}

// origin says where a flag's value comes from. With both given it is the flag's,
// but the library does not tell.
func origin(flag string) string {
	if os.Getenv(envVar(flag)) != "" {
		return "--" + flag + " or " + envVar(flag)
	}
	return "--" + flag
}

// loadConfig reads the configuration that the flags and the environment say.
func loadConfig(c *cli.Context) (*conf.Loaded, error) {
	set, err := assignments(c)
	if err != nil {
		return nil, err
	}
	l, err := conf.Load(conf.Sources{
		Defaults: map[string]string{"data_dir": defaultDataDir(runtime.GOOS, os.Getenv)},
		Files:    c.StringSlice("config"),
		Usual:    rabbitFiles("rabbitmq.conf", "conf.d"),
		EnvFile:  rabbitFiles("rabbitmq-env.conf")[0],
		Advanced: rabbitFiles("advanced.config")[0],
		Environ:  os.Environ(),
		Set:      set,
		Memory:   broker.AvailableMemory,
	})
	if err != nil {
		return nil, err
	}
	l.Settings.Broker.Build = version
	return l, nil
}

// rabbitFiles are where RabbitMQ's files are by custom.
func rabbitFiles(names ...string) []string {
	var paths []string
	for _, n := range names {
		paths = append(paths, filepath.FromSlash("/etc/rabbitmq/"+n))
	}
	return paths
}
