package control

import (
	"context"
	"net/http"
	"strings"
	"time"
)

// writeTime is how long a peer may take to accept lines.
const writeTime = 10 * time.Second

// stream answers with the lines that follow gives, as they come, until it or the peer
// ends.
func stream(w http.ResponseWriter, r *http.Request, follow func(context.Context, func([]string) error) error) {
	to := http.NewResponseController(w)
	// The server's own limits are those of requests that end.
	if err := to.SetReadDeadline(time.Time{}); err != nil {
		tell(w, err)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	begun := false
	err := follow(r.Context(), func(lines []string) error {
		begun = true
		if err := to.SetWriteDeadline(time.Now().Add(writeTime)); err != nil {
			return err
		}
		if _, err := w.Write([]byte(strings.Join(lines, "\n") + "\n")); err != nil {
			return err
		}
		return to.Flush()
	})
	if err != nil && !begun { // afterwards there is no telling
		tell(w, err)
	}
}
