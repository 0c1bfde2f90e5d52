package conf

import "testing"

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := Load(Sources{Files: []string{noFile}, Defaults: map[string]string{"data_dir": "/data"}}); err != nil {
			b.Fatal(err)
		}
	}
}
