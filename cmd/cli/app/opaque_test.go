package app_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/adagp/adagp/cmd/cli/clitest"
	"github.com/adagp/adagp/cmd/cli/command/inspectcmd"
	"github.com/adagp/adagp/models"
)

// TestOpaqueTensor gives a model a tensor of a type that nothing is computed with, one that its
// architecture does not need: the program shows it and copies it bit for bit.
func TestOpaqueTensor(t *testing.T) {
	t.Chdir(t.TempDir())
	demo, err := models.Folder("demo:llama")
	if err == nil {
		err = os.CopyFS("model", demo)
	}
	if err != nil {
		t.Fatal(err)
	}
	const name = "model.layers.0.self_attn.rotary_emb.inv_freq"
	content := []byte{1, 2, 3, 254, 255, 0, 128, 127}
	f := clitest.ReadST(t, filepath.Join("model", clitest.STFileName))
	at := int64(len(f.Data))
	f.Header[name] = clitest.STEntry{DType: "F8_E5M2", Shape: []int{8}, Offsets: [2]int64{at, at + int64(len(content))}}
	f.Data = append(f.Data, content...)
	f.Write(t, filepath.Join("model", clitest.STFileName))
	clitest.OK(t, "prune", "--model", "model", "--out", "pruned", "--method", "magnitude", "--samples", "2", "--sparsity", "0.8", "--dtype", "float16")
	clitest.OK(t, "pack", "--model", "pruned", "--out", "packed")
	clitest.OK(t, "pack", "--model", "packed", "--out", "unpacked", "--layout", "dense")
	for _, dir := range []string{"model", "pruned", "packed", "unpacked"} {
		f := clitest.ReadST(t, filepath.Join(dir, clitest.STFileName))
		e := f.Header[name]
		if got := f.Data[e.Offsets[0]:e.Offsets[1]]; e.DType != "F8_E5M2" || !bytes.Equal(got, content) {
			t.Errorf("%s: %s %x, want F8_E5M2 %x", dir, e.DType, got, content)
		}
		var res inspectcmd.Result
		clitest.OKJSON(t, &res, "inspect", "--model", dir)
		found := false
		for _, x := range res.Tensors {
			if x.Name == name {
				found = x.DType == "F8_E5M2" && x.Zeros == 0 && x.NM == "none"
			}
		}
		if !found {
			t.Errorf("inspect of %s does not show the tensor", dir)
		}
	}
}
