package ctl

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/lepusmq/lepus/cmd/lepus/api"
)

// user is a user as the API has it.
type user struct {
	Name             string   `json:"name"`
	PasswordHash     string   `json:"password_hash"`
	HashingAlgorithm string   `json:"hashing_algorithm"`
	Tags             []string `json:"tags"`
}

func userCommands() []*command {
	const group = "Users"
	return []*command{
		{
			name: "add_user", tools: Ctl, group: group, args: "<username> [<password>]", min: 1, max: 2,
			doc:    "Adds a user, who may use no virtual host yet; without a password it is read from standard input",
			banner: func(c *call) string { return fmt.Sprintf("Adding user %q ...", c.args[0]) },
			run:    addUser,
		},
		{
			name: "authenticate_user", tools: Ctl, group: group, args: "<username> [<password>]", min: 1, max: 2,
			doc:    "Tries whether a user can log in",
			banner: func(c *call) string { return fmt.Sprintf("Authenticating user %q ...", c.args[0]) },
			run:    authenticateUser,
		},
		{
			name: "change_password", tools: Ctl, group: group, args: "<username> [<password>]", min: 1, max: 2,
			doc:    "Changes a user's password",
			banner: func(c *call) string { return fmt.Sprintf("Changing password for user %q ...", c.args[0]) },
			run: func(ctx context.Context, c *call) (any, error) {
				password, err := c.password()
				if err != nil {
					return nil, err
				}
				return nil, c.changeUser(ctx, func(_ *user, body map[string]any) { withPassword(body, password) })
			},
		},
		{
			name: "clear_password", tools: Ctl, group: group, args: "<username>", min: 1, max: 1,
			doc:    "Has a user log in without a password only, such as by a certificate",
			banner: func(c *call) string { return fmt.Sprintf("Clearing password for user %q ...", c.args[0]) },
			run: func(ctx context.Context, c *call) (any, error) {
				return nil, c.changeUser(ctx, func(_ *user, body map[string]any) { withPassword(body, "") })
			},
		},
		{
			name: "delete_user", tools: Ctl, group: group, args: "<username>", min: 1, max: 1,
			doc:    "Deletes a user and closes its connections",
			banner: func(c *call) string { return fmt.Sprintf("Deleting user %q ...", c.args[0]) },
			run: func(ctx context.Context, c *call) (any, error) {
				return nil, c.missing(ctx, c.api.Delete(ctx, api.Path("users", c.args[0])), "", c.args[0])
			},
		},
		{
			name: "list_users", tools: Ctl | Diagnostics, group: group,
			doc:    "Lists users and their tags",
			banner: func(*call) string { return "Listing users ..." },
			run:    listUsers,
		},
		{
			name: "set_user_tags", tools: Ctl, group: group, args: "<username> <tag> [...]", min: 1, max: -1,
			doc: "Sets a user's tags: administrator, monitoring, policymaker, management, or your own",
			banner: func(c *call) string {
				return fmt.Sprintf("Setting tags for user %q to [%s] ...", c.args[0], strings.Join(c.args[1:], ", "))
			},
			run: func(ctx context.Context, c *call) (any, error) {
				return nil, c.changeUser(ctx, func(_ *user, body map[string]any) { body["tags"] = strings.Join(c.args[1:], ",") })
			},
		},
	}
}

// password returns the one that was given, or the first line of standard input.
func (c *call) password() (string, error) {
	if len(c.args) > 1 {
		return c.args[1], nil
	}
	if !c.quiet() {
		fmt.Fprint(c.stdout, "Password: ")
	}
	line, _ := bufio.NewReader(c.stdin).ReadString('\n')
	if !c.quiet() {
		fmt.Fprintln(c.stdout)
	}
	if line = strings.TrimRight(line, "\r\n"); line == "" {
		return "", fail(exitData, "Password is not provided via argument or stdin")
	}
	return line, nil
}

// withPassword puts a password into what is sent of a user. Nobody can log in
// with an empty one.
func withPassword(body map[string]any, password string) {
	delete(body, "hashing_algorithm")
	delete(body, "password_hash")
	if password == "" {
		body["password_hash"] = ""
		return
	}
	body["password"] = password
}

func addUser(ctx context.Context, c *call) (any, error) {
	password, err := c.password()
	if err != nil {
		return nil, err
	}
	path := api.Path("users", c.args[0])
	err = c.api.Get(ctx, path, new(user))
	if err == nil {
		return nil, fail(exitSoftware, "User %q already exists", c.args[0])
	}
	if !api.Is(err, http.StatusNotFound) {
		return nil, err
	}
	body := map[string]any{"tags": ""}
	withPassword(body, password)
	if err := c.api.Put(ctx, path, body); err != nil {
		return nil, err
	}
	if c.quiet() {
		return nil, nil
	}
	return fmt.Sprintf("Done. Don't forget to grant the user permissions to some virtual hosts! See '%s help set_permissions' to learn more.", c.tool), nil
}

func authenticateUser(ctx context.Context, c *call) (any, error) {
	password, err := c.password()
	if err != nil {
		return nil, err
	}
	err = c.login(ctx, c.args[0], password)
	if api.Is(err, http.StatusUnauthorized) || api.Is(err, http.StatusNotFound) {
		return nil, fail(exitData, "Error: failed to authenticate user %q\nuser '%s' - invalid credentials", c.args[0], c.args[0])
	}
	if err != nil {
		return nil, err
	}
	return "Success", nil
}

// login tries a password. The broker says so through its socket; over TCP a
// request is made as that user, whom the API may refuse for lack of tags only.
func (c *call) login(ctx context.Context, name, password string) error {
	err := c.api.Post(ctx, api.Path("lepus", "login"), map[string]string{"name": name, "password": password}, nil)
	if !notOffered(err) {
		return err
	}
	err = c.api.As(name, password).Get(ctx, api.Path("whoami"), nil)
	if api.Is(err, http.StatusUnauthorized) && strings.Contains(err.Error(), "Not management user") {
		return nil
	}
	return err
}

// changeUser changes a user and keeps all that change leaves as it is.
func (c *call) changeUser(ctx context.Context, change func(*user, map[string]any)) error {
	path := api.Path("users", c.args[0])
	var u user
	if err := c.api.Get(ctx, path, &u); err != nil {
		return c.missing(ctx, err, "", c.args[0])
	}
	body := map[string]any{
		"password_hash": u.PasswordHash, "hashing_algorithm": u.HashingAlgorithm, "tags": strings.Join(u.Tags, ","),
	}
	change(&u, body)
	return c.api.Put(ctx, path, body)
}

func listUsers(ctx context.Context, c *call) (any, error) {
	var users []user
	if err := c.api.Get(ctx, api.Path("users"), &users); err != nil {
		return nil, err
	}
	r := &rows{columns: []string{"user", "tags"}}
	for _, u := range users {
		r.cells = append(r.cells, []any{u.Name, list(u.Tags)})
	}
	return r, nil
}

// list is a list of texts as a cell.
func list(texts []string) []any {
	all := make([]any, len(texts))
	for i, t := range texts {
		all[i] = t
	}
	return all
}
