package format

import (
	"bytes"
	"testing"
)

func TestFigures(t *testing.T) {
	for _, c := range [][2]string{
		{Perplexity(3.6424), "3.64"}, {Perplexity(12345.6), "12346"}, {Perplexity(3e9), "3.00e+09"},
		{Count(0), "0"}, {Count(999), "999"}, {Count(1000576), "1,000,576"}, {Count(-1000), "-1,000"},
		{Bytes(12), "12 B"}, {Bytes(1536), "1.5 KiB"}, {Bytes(3 << 30), "3.0 GiB"},
		{Shape([]int{64, 172}), "64×172"}, {Percent(0.7), "70.00 %"},
		{Seconds(1.234), "1.23 s"}, {Seconds(12.34), "12.3 s"}, {Seconds(900), "15 min"},
		{Error(0.0), "0.0000"}, {Error(2e-6), "2.0e-06"}, {Matrix("model.layers.0.mlp.up_proj.weight"), "up_proj"},
	} {
		if c[0] != c[1] {
			t.Errorf("%q, want %q", c[0], c[1])
		}
	}
}

func TestTable(t *testing.T) {
	table := Table{Head: []string{"method", "Größe", "time"}, Left: 1}
	table.Add("dense", "24.6", "")
	table.Add("ü", "7", "1.00 s")
	var text, markdown bytes.Buffer
	table.Write(&text)
	table.Markdown(&markdown)
	if want := "method  Größe    time\n------  -----  ------\ndense    24.6\nü           7  1.00 s\n"; text.String() != want {
		t.Errorf("text\n%swant\n%s", &text, want)
	}
	if want := "| method | Größe | time |\n| --- | ---: | ---: |\n| dense | 24.6 |  |\n| ü | 7 | 1.00 s |\n"; markdown.String() != want {
		t.Errorf("Markdown\n%swant\n%s", &markdown, want)
	}
}
