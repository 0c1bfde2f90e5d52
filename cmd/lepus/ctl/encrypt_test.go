package ctl_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/lepusmq/lepus/cmd/lepus/ctl"
)

// TestDecodeWhatRabbitMQEncoded has what rabbitmqctl 3.10.8 printed.
func TestDecodeWhatRabbitMQEncoded(t *testing.T) {
	for _, tt := range []struct {
		line []string
		want string
	}{
		{[]string{"decode", `{encrypted,<<"A2pfBsIDGYSQTXJwcZGbm+F8kV2DusMHvw1tp6GBHDg1d0An7G3d3qT+/1uJR75z">>}`, "pass"}, "secret"},
		{[]string{"decode", `{encrypted, <<"yz6I3daPtishiqPx1WQz9zkhjncKu6fYAlgP8hEiBMxUvK99jHT410p10bTULbaQ">>}.`, "pass"}, `<<"secret">>`},
		{[]string{"decode", "i/TPJVeq8BUF+fjWyLPQg+aVa0tRA6NA3cqstUT+3S9CYhJtdS/WmcSt+AZIOLVt", "pass"}, `<<"secret">>`},
		{[]string{"decrypt_conf_value", `"encrypted:i/TPJVeq8BUF+fjWyLPQg+aVa0tRA6NA3cqstUT+3S9CYhJtdS/WmcSt+AZIOLVt"`, "pass"}, `<<"secret">>`},
		{[]string{"decode", `{encrypted,<<"p9qTbLy2xkg32+bycFsmAElLx1e2pjRwFOaCupI4bRer/hEBWOFa9/D9b8U=">>}`, "pass", "--cipher", "aes_256_ctr", "--hash", "sha256", "--iterations", "5"}, "'foo bar'"},
	} {
		got := run(t, nil, append([]string{"rabbitmqctl", "-q"}, tt.line...)...)
		if got.code != "0" || got.stdout != tt.want+"\n" {
			t.Errorf("%q: %+v", tt.line, got)
		}
	}
}

func TestEncode(t *testing.T) {
	for _, cipher := range []string{"aes_128_cbc", "aes_192_ctr", "aes_256_cbc"} {
		for _, term := range []string{`<<"sixteen bytes 16">>`, `"a"`, "{a,[1]}"} {
			options := []string{"--cipher", cipher, "--hash", "sha384", "--iterations", "3"}
			for _, command := range []string{"encode", "encrypt_conf_value"} {
				secret := run(t, nil, append([]string{"rabbitmqctl", "-q", command, term, "pass"}, options...)...)
				if secret.code != "0" || !strings.Contains(secret.stdout, "encrypted") {
					t.Fatalf("%+v", secret)
				}
				got := run(t, nil, append([]string{"rabbitmqctl", "-q", "decode", strings.TrimSpace(secret.stdout), "pass"}, options...)...)
				if got.stdout != term+"\n" {
					t.Errorf("%s with %s: %+v", term, cipher, got)
				}
				wrong := run(t, nil, append([]string{"rabbitmqctl", "-q", "decode", strings.TrimSpace(secret.stdout), "word"}, options...)...)
				if wrong.code != "69" || !strings.Contains(wrong.stderr, "Failed to decrypt the value") {
					t.Errorf("with another passphrase: %+v", wrong)
				}
			}
		}
	}
}

func TestEncodeAsks(t *testing.T) {
	var out, errOut bytes.Buffer
	env := ctl.Environment{Stdin: strings.NewReader("a\npass\n"), Stdout: &out, Stderr: &errOut, Getenv: func(string) string { return "" }}
	if code := ctl.Run(context.Background(), ctl.Ctl, []string{"-q", "encode"}, env); code != 0 || !strings.HasPrefix(out.String(), "Value to encode: Passphrase: {encrypted,<<") {
		t.Errorf("%d %s%s", code, &out, &errOut)
	}
	for line, want := range map[string]string{
		"encode": "69", "encode a": "69", "encode x( p": "69", "decode abc p": "69", "decode {encrypted,1} p": "69", "encode a b c": "64",
		"encode a p --cipher bogus": "65", "encode a p --hash bogus": "65", "encode a p --iterations 0": "65",
	} {
		if got := run(t, nil, append([]string{"rabbitmqctl"}, strings.Fields(line)...)...); got.code != want {
			t.Errorf("%s: %+v", line, got)
		}
	}
}
