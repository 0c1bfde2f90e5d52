package management

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"runtime/debug"
	"strings"

	"github.com/lepusmq/lepus/broker/definitions"
)

func definitionResources() []resource {
	const admin = administrator
	return []resource{
		{path: "definitions", read: admin, write: admin, get: exportDefinitions, post: importDefinitions},
		{path: "all-configuration", read: admin, write: admin, get: exportDefinitions, post: importDefinitions},
		{path: "definitions/{vhost}", read: admin, write: admin, get: exportDefinitions, post: importDefinitions},
	}
}

func exportDefinitions(q *request) error {
	text, err := q.server.broker.ExportDefinitions(q.arg("vhost"))
	if err != nil {
		return err
	}
	if name := q.URL.Query().Get("download"); name != "" {
		q.w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	}
	return q.stream(http.StatusOK, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}

// importDefinitions takes over what a file defines that is the body, or a field of a
// form.
func importDefinitions(q *request) error {
	text, err := q.definitionsFile()
	if err != nil {
		return err
	}
	if err := q.server.broker.ImportDefinitions(q.arg("vhost"), text); err != nil {
		var wrong *definitions.Fault
		if errors.As(err, &wrong) {
			return badRequest(wrong.Error())
		}
		return err
	}
	if len(text) > largeFile {
		debug.FreeOSMemory() // there is much garbage, and may be no more for long
	}
	return q.done()
}

// largeFile is how many bytes of definitions leave behind what is worth returning to
// the system at once.
const largeFile = 4 << 20

// definitionsFile returns the file that was sent.
func (q *request) definitionsFile() ([]byte, error) {
	if !strings.HasPrefix(q.Header.Get("Content-Type"), "multipart/form-data") {
		return io.ReadAll(q.Body)
	}
	parts, err := q.MultipartReader()
	if err != nil {
		return nil, badRequest("the form makes no sense")
	}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return nil, badRequest("the form has no file")
		}
		if err != nil {
			return nil, badRequest("the form makes no sense")
		}
		if part.FormName() == "file" {
			return io.ReadAll(part)
		}
	}
}
