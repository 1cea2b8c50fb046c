// Verifies an exported log with Go's own note and tlog packages, honest and with flipped bytes.
//
// Reads a job as JSON on standard input and answers with JSON: what it says of the honest files,
// and which flips it did not refuse.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/mldsa"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type flip struct {
	Path string
	At   int
	Bit  uint
}

type job struct {
	Directory string
	Origin    string
	Keys      []string // vkeys of types 0x01, 0x04 and 0x06: each must have signed
	Proof     string   // path of a tlog-proof
	Entry     string   // path of the entry that it is for
	OldSize   int64
	OldRoot   string
	Old       []string // consistency proof from OldSize, base64
	Flips     []flip
}

type answer struct {
	Honest   string
	Tried    int
	Accepted []flip
}

// cosigner verifies timestamped cosignatures, which x/mod does not know.
type cosigner struct {
	name   string
	id     uint32
	public []byte
	kind   byte
}

func (c cosigner) Name() string    { return c.name }
func (c cosigner) KeyHash() uint32 { return c.id }

func (c cosigner) Verify(msg, sig []byte) bool {
	if c.kind == 0x04 {
		if len(sig) != 72 {
			return false
		}
		m := fmt.Sprintf("cosignature/v1\ntime %d\n%s", binary.BigEndian.Uint64(sig), msg)
		return ed25519.Verify(c.public, []byte(m), sig[8:])
	}
	if len(sig) != 8+2420 {
		return false
	}
	lines := strings.Split(string(msg), "\n")
	end, err := strconv.ParseUint(lines[1], 10, 64)
	if err != nil {
		return false
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil {
		return false
	}
	m := append([]byte("subtree/v1\n\x00"), byte(len(c.name)))
	m = append(append(m, c.name...), sig[:8]...)
	m = append(append(m, byte(len(lines[0]))), lines[0]...)
	m = binary.BigEndian.AppendUint64(m, 0)
	m = binary.BigEndian.AppendUint64(m, end)
	m = append(m, root...)
	public, err := mldsa.NewPublicKey(mldsa.MLDSA44(), c.public)
	return err == nil && mldsa.Verify(public, m, sig[8:], nil) == nil
}

func verifierOf(vkey string) (note.Verifier, error) {
	name, rest, _ := strings.Cut(vkey, "+")
	id, encoded, _ := strings.Cut(rest, "+")
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(raw) == 0 {
		return nil, errors.New("no vkey")
	}
	if raw[0] == 1 {
		return note.NewVerifier(vkey)
	}
	hash, err := strconv.ParseUint(id, 16, 32)
	return cosigner{name, uint32(hash), raw[1:], raw[0]}, err
}

type files map[string][]byte

type reader struct{ files files }

func (r reader) Height() int                                 { return 8 }
func (r reader) SaveTiles([]tlog.Tile, [][]byte)             {}
func (r reader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var out [][]byte
	for _, t := range tiles {
		path := "tile/" + strings.TrimPrefix(t.Path(), "tile/8/")
		raw, ok := r.files[path]
		if !ok {
			return nil, fmt.Errorf("no %s", path)
		}
		out = append(out, raw)
	}
	return out, nil
}

func verify(j *job, fs files) error {
	checkpoint := fs["checkpoint"]
	tree, err := open(j, checkpoint)
	if err != nil {
		return err
	}
	hashes := tlog.TileHashReader(tree, reader{fs})
	var indexes []int64
	for n := int64(0); n < tree.N; n++ {
		indexes = append(indexes, tlog.StoredHashIndex(0, n))
	}
	leaves, err := hashes.ReadHashes(indexes)
	if err != nil {
		return err
	}
	if err := entries(tree.N, leaves, fs); err != nil {
		return err
	}
	if err := proof(j, tree, fs); err != nil {
		return err
	}
	return consistency(j, tree, hashes)
}

func open(j *job, raw []byte) (tlog.Tree, error) {
	var verifiers []note.Verifier
	for _, vkey := range j.Keys {
		v, err := verifierOf(vkey)
		if err != nil {
			return tlog.Tree{}, err
		}
		verifiers = append(verifiers, v)
	}
	n, err := note.Open(raw, note.VerifierList(verifiers...))
	if err != nil {
		return tlog.Tree{}, err
	}
	if len(n.Sigs) != len(verifiers) || len(n.UnverifiedSigs) > 0 {
		return tlog.Tree{}, fmt.Errorf("%d of %d signatures", len(n.Sigs), len(verifiers))
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) != 4 || lines[0] != j.Origin || lines[3] != "" {
		return tlog.Tree{}, errors.New("no checkpoint of this log")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || strconv.FormatInt(size, 10) != lines[1] {
		return tlog.Tree{}, errors.New("no size")
	}
	root, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

func entries(size int64, leaves []tlog.Hash, fs files) error {
	for n := int64(0); n*256 < size; n++ {
		width := min(size-n*256, 256)
		path := (tlog.Tile{H: 8, L: -1, N: n, W: int(width)}).Path()
		path = "tile/entries/" + strings.TrimPrefix(path, "tile/8/data/")
		raw, ok := fs[path]
		if !ok {
			return fmt.Errorf("no %s", path)
		}
		for i := int64(0); i < width; i++ {
			if len(raw) < 2 || len(raw) < 2+int(binary.BigEndian.Uint16(raw)) {
				return errors.New("a bundle is cut short")
			}
			end := 2 + int(binary.BigEndian.Uint16(raw))
			if tlog.RecordHash(raw[2:end]) != leaves[n*256+i] {
				return fmt.Errorf("entry %d is another", n*256+i)
			}
			raw = raw[end:]
		}
		if len(raw) > 0 {
			return errors.New("bytes behind a bundle")
		}
	}
	return nil
}

func proof(j *job, tree tlog.Tree, fs files) error {
	head, checkpoint, ok := bytes.Cut(fs[j.Proof], []byte("\n\n"))
	if !ok {
		return errors.New("no tlog-proof")
	}
	if _, err := open(j, checkpoint); err != nil {
		return err
	}
	lines := strings.Split(string(head), "\n")
	if len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" {
		return errors.New("no tlog-proof")
	}
	number, ok := strings.CutPrefix(lines[1], "index ")
	index, err := strconv.ParseInt(number, 10, 64)
	if !ok || err != nil || strconv.FormatInt(index, 10) != number {
		return errors.New("no index")
	}
	hashes, err := parse(lines[2:])
	if err != nil {
		return err
	}
	return tlog.CheckRecord(hashes, tree.N, tree.Hash, index, tlog.RecordHash(fs[j.Entry]))
}

func parse(lines []string) ([]tlog.Hash, error) {
	var hashes []tlog.Hash
	for _, line := range lines {
		hash, err := tlog.ParseHash(line)
		if err != nil || hash.String() != line {
			return nil, errors.New("no hash")
		}
		hashes = append(hashes, hash)
	}
	return hashes, nil
}

func consistency(j *job, tree tlog.Tree, hashes tlog.HashReader) error {
	root, err := tlog.ParseHash(j.OldRoot)
	if err != nil {
		return err
	}
	ours, err := parse(j.Old)
	if err != nil {
		return err
	}
	theirs, err := tlog.ProveTree(tree.N, j.OldSize, hashes)
	if err != nil {
		return err
	}
	if fmt.Sprint(ours) != fmt.Sprint([]tlog.Hash(theirs)) {
		return errors.New("another consistency proof")
	}
	return tlog.CheckTree(ours, tree.N, tree.Hash, j.OldSize, root)
}

func read(directory string) (files, error) {
	found := files{}
	err := filepath.Walk(directory, func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		name, _ := filepath.Rel(directory, path)
		raw, err := os.ReadFile(path)
		found[filepath.ToSlash(name)] = raw
		return err
	})
	return found, err
}

func main() {
	var j job
	if err := json.NewDecoder(os.Stdin).Decode(&j); err != nil {
		panic(err)
	}
	honest, err := read(j.Directory)
	if err != nil {
		panic(err)
	}
	said := answer{Honest: "verified", Accepted: []flip{}}
	if err := verify(&j, honest); err != nil {
		said.Honest = err.Error()
	}
	for _, f := range j.Flips {
		raw := bytes.Clone(honest[f.Path])
		raw[f.At] ^= 1 << f.Bit
		forged := files{}
		for path, content := range honest {
			forged[path] = content
		}
		forged[f.Path] = raw
		said.Tried++
		if verify(&j, forged) == nil {
			said.Accepted = append(said.Accepted, f)
		}
	}
	_ = json.NewEncoder(os.Stdout).Encode(said)
}
