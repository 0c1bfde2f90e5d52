package main

import "path/filepath"

// defaultDataDir returns the folder in which programs of the platform keep
// their data, for the operating system goos and its environment. Without a
// home, as system services have none, it is where those keep theirs.
func defaultDataDir(goos string, getenv func(string) string) string {
	home := getenv("HOME")
	switch {
	case goos == "windows" && getenv("LocalAppData") != "":
		return filepath.Join(getenv("LocalAppData"), "lepus")
	case goos == "darwin" && home != "":
		return filepath.Join(home, "Library", "Application Support", "lepus")
	case getenv("XDG_DATA_HOME") != "":
		return filepath.Join(getenv("XDG_DATA_HOME"), "lepus")
	case home != "":
		return filepath.Join(home, ".local", "share", "lepus")
	}
	return filepath.FromSlash("/var/lib/lepus")
}
