// Package control is how the machine's administrator talks to a broker: over a
// Unix socket in its data folder, which only the user may open whom the broker
// runs as. What is said there is the management API, without passwords, and what
// that has no word for, below /api/lepus/:
//
//	GET  node                     name, pid, state, data_dir
//	GET  environment              the settings in effect
//	POST login                    {"name", "password"}: 204, or 401
//	POST stop                     end the process in order
//	POST stop-app, start-app      end the broker and not the process; start it again
//	POST reset                    delete all it holds, while it is stopped
//	POST suspend-listeners, resume-listeners
//	                              let no new client in; let them in again
//	POST drain                    maintenance: {"connections_closed": 3}
//	POST revive                   end of the maintenance
//	GET  message-sizes            [{"most": 100, "messages": 7}, ...]
//	GET  log?lines=50             {"lines": [...]}, the last ones of the log
//	GET  log?follow=true          its lines as they come, text/plain
//	GET  events                   what happens in the broker, a line of JSON each
//	POST clear-auth-cache         ask other systems anew who users are
//	POST collect                  collect garbage now
//	PUT  memory-high-watermark    {"relative": 0.4} or {"absolute": bytes}
//	PUT  disk-free-limit          likewise
//	PUT  log-level                {"level": "debug"}
//	PUT  alarm                    {"alarm": "memory" or "disk", "on": true}
//	PUT  channel-max              {"value": 2047}
//	PUT  loopback-users           {"users": ["guest"]}
//
// That is also what the HTTP API offers administrators there, see [Handler], except
// stop-app, start-app and reset, after which nobody could be asked any more.
//
// The socket is there as long as the process, also while the broker is stopped.
package control
