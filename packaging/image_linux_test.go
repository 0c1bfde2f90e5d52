package packaging

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// image is a root folder as the image has it.
type image struct {
	root string
	env  []string
}

// layOut builds the binary and lays out the root of the image: what its Dockerfile
// copies, and busybox with links to it.
func layOut(t *testing.T) *image {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root can make another folder the root of a process, and be any user")
	}
	box, err := exec.LookPath("busybox")
	if err != nil {
		t.Skip("there is no busybox for the image's shell")
	}
	root := t.TempDir()
	// The folders above it are for this user only.
	for dir := root; dir != "/"; dir = filepath.Dir(dir) {
		if info, err := os.Stat(dir); err == nil && info.Mode().Perm()&0o055 != 0o055 {
			if err := os.Chmod(dir, 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	binary := filepath.Join(t.TempDir(), "lepus")
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", binary, "../cmd/lepus")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	tell(t, build)
	tell(t, exec.Command("sh", "image-root.sh", binary, root))
	for _, dir := range []string{"bin", "dev"} {
		if err := os.Mkdir(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	tell(t, exec.Command("cp", box, filepath.Join(root, "bin", "busybox")))
	for _, name := range []string{"sh", "mkdir", "id", "echo"} {
		if err := os.Symlink("busybox", filepath.Join(root, "bin", name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mknod(filepath.Join(root, "dev", "null"), syscall.S_IFCHR|0o666, 1<<8|3); err != nil {
		t.Skipf("no device can be made here: %v", err)
	}
	// As container engines do.
	if err := os.WriteFile(filepath.Join(root, "etc/hosts"), []byte("127.0.0.1 localhost\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	ports := "listeners.tcp.default = 127.0.0.1:0\nmanagement.listen.1 = 127.0.0.1:0\nprometheus.listen.1 = none\n"
	if err := os.WriteFile(filepath.Join(root, "etc/rabbitmq/conf.d/20-test.conf"), []byte(ports), 0o644); err != nil {
		t.Fatal(err)
	}
	return &image{root: root, env: []string{
		"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/var/lib/rabbitmq", "RABBITMQ_MNESIA_BASE=/var/lib/rabbitmq/mnesia",
	}}
}

func tell(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
	}
}

// command is a program in the image, run by a user that nobody has heard of.
func (i *image) command(args ...string) *exec.Cmd {
	cmd := exec.Command("/bin/sh", append([]string{"-c", `exec "$@"`, "sh"}, args...)...)
	cmd.Env, cmd.Dir = i.env, "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: i.root, Credential: &syscall.Credential{Uid: 123456, Gid: 0}}
	return cmd
}

// exec runs a program to its end, as docker exec does.
func (i *image) exec(t *testing.T, args ...string) string {
	t.Helper()
	out, err := i.command(args...).CombinedOutput()
	if err != nil {
		t.Errorf("%v: %v\n%s", args, err, out)
	}
	return string(out)
}

// container is a process of the image's entry point.
type container struct {
	cmd *exec.Cmd
	log chan string // the rest of its log
}

// start runs the entry point and returns when it has logged what fixtures wait
// for.
func (i *image) start(t *testing.T, args ...string) *container {
	t.Helper()
	cmd := i.command(append([]string{"docker-entrypoint.sh"}, args...)...)
	r, w := io.Pipe()
	cmd.Stdout, cmd.Stderr = w, w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c := &container{cmd: cmd, log: make(chan string, 1)}
	lines := bufio.NewScanner(r)
	var said strings.Builder
	for lines.Scan() {
		said.WriteString(lines.Text() + "\n")
		if strings.Contains(lines.Text(), "Server startup complete") {
			go func() {
				rest, _ := io.ReadAll(r)
				c.log <- said.String() + string(rest)
			}()
			t.Cleanup(func() { _ = cmd.Process.Kill() })
			return c
		}
		if strings.Contains(lines.Text(), "lepus: ") {
			break
		}
	}
	_ = cmd.Process.Kill()
	t.Fatalf("it did not start:\n%s", said.String())
	return nil
}

// stop ends it as docker stop does.
func (c *container) stop(t *testing.T) {
	t.Helper()
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
}

// port is where the broker serves a protocol.
func (i *image) port(t *testing.T, protocol string) string {
	t.Helper()
	for line := range strings.Lines(i.exec(t, "rabbitmq-diagnostics", "-q", "listeners")) {
		fields := strings.Split(line, ", ")
		if len(fields) > 2 && fields[2] == "protocol: "+protocol {
			return strings.TrimPrefix(fields[1], "port: ")
		}
	}
	t.Fatalf("nothing serves %s", protocol)
	return ""
}

// TestImage starts the image as any user in an empty root, does what fixtures and
// health checks do, and starts it again on the same volume.
func TestImage(t *testing.T) {
	i := layOut(t)
	i.env = append(i.env, "RABBITMQ_DEFAULT_USER=ann", "RABBITMQ_DEFAULT_PASS=secret", "RABBITMQ_DEFAULT_VHOST=orders")
	c := i.start(t)
	for _, line := range []string{
		"rabbitmq-diagnostics -q ping",
		"rabbitmq-diagnostics -q check_running",
		"rabbitmq-diagnostics -q check_port_connectivity",
		"rabbitmq-diagnostics -q check_local_alarms",
		"rabbitmq-diagnostics -q status",
		"rabbitmqctl await_startup",
		"rabbitmqctl node_health_check",
		"rabbitmqctl authenticate_user ann secret",
		"rabbitmq-plugins enable rabbitmq_management",
		"rabbitmqadmin -u ann -p secret -P " + i.port(t, "http") + " --vhost=orders declare queue name=kept durable=true",
	} {
		i.exec(t, strings.Fields(line)...)
	}
	if got, want := i.exec(t, "rabbitmqctl", "-q", "list_users"), "user\ttags\nann\t[administrator]\n"; got != want {
		t.Errorf("its users are %q", got)
	}
	c.stop(t)

	i.env = append(i.env, "RABBITMQ_DEFAULT_USER=other") // counts on an empty volume only
	c = i.start(t, "rabbitmq-server")
	if got := i.exec(t, "rabbitmqctl", "-q", "list_queues", "-p", "orders", "--no-table-headers", "name"); got != "kept\n" {
		t.Errorf("after its restart it has the queues %q", got)
	}
	if got := i.exec(t, "rabbitmqctl", "-s", "list_users"); got != "ann\t[administrator]\n" {
		t.Errorf("after its restart its users are %q", got)
	}
	c.stop(t)
	if _, err := os.Stat(filepath.Join(i.root, "var/lib/rabbitmq/mnesia/lepus.sock")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it leaves its socket: %v", err)
	}
}

// TestEntryPointRunsOtherPrograms holds it to what images do with other words.
func TestEntryPointRunsOtherPrograms(t *testing.T) {
	i := layOut(t)
	if got := i.exec(t, "docker-entrypoint.sh", "lepus", "version"); !strings.HasPrefix(got, "lepus ") {
		t.Errorf("got %q", got)
	}
	if err := os.Chmod(filepath.Join(i.root, "var/lib/rabbitmq"), 0o755); err != nil {
		t.Fatal(err)
	}
	out, err := i.command("docker-entrypoint.sh").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "user 123456 with group 0 cannot write to the volume") {
		t.Errorf("with a volume that is not its: %v\n%s", err, out)
	}
}
