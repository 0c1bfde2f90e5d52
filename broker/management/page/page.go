// Package page holds the management page: the application that runs in a
// browser and talks to the HTTP API below /api, as built from the sources
// beside it.
package page

import (
	"embed"
	"io/fs"
)

// ContentSecurityPolicy is what the page is to be served with. It needs
// nothing but its own files and the API beside it: no script or style within
// the document, no other host.
const ContentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

//go:embed dist
var dist embed.FS

// Files returns the built files, index.html at the root. Those below assets
// have a hash of their content in their name and never change; the others may
// with every version.
func Files() fs.FS {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // the name is valid: it is that of the folder above
	}
	return files
}
