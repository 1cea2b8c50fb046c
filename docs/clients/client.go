// A client in Go (1.19, its standard library alone), written from docs/ alone. It makes a P-256 key, registers, records a technology,
// and verifies all that it is told, of the log the Ed25519 line, as there is no ML-DSA: `play URL trust.json`, `verify ENTRY PROOF trust.json`.
package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"os"
	"regexp"
	"sort"
	"strings"
	"time"
)

type object map[string]any

func must(holds bool, what any) {
	if !holds {
		fmt.Println("refused:", what)
		os.Exit(1)
	}
}
func ok[T any](value T, err error) T      { must(err == nil, err); return value }
func read[T any](from io.Reader) (said T) { ok(0, json.NewDecoder(from).Decode(&said)); return said }
func b64(text string) []byte { // in the one spelling that an encoder writes
	raw := ok(base64.StdEncoding.Strict().DecodeString(text))
	must(base64.StdEncoding.EncodeToString(raw) == text, "it is not Base64 as an encoder writes it")
	return raw
}
func hash(parts ...[]byte) []byte { sum := sha256.Sum256(bytes.Join(parts, nil)); return sum[:] }
func random(n int) []byte         { raw := make([]byte, n); ok(rand.Read(raw)); return raw }
func canonical(value any) []byte { // maps are written by name, texts as they are, but for U+2028 and U+2029
	out := &bytes.Buffer{}
	writer := json.NewEncoder(out)
	writer.SetEscapeHTML(false)
	ok(0, writer.Encode(value))
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}
func uuid7() string {
	raw := append(big.NewInt(time.Now().UnixMilli()).FillBytes(make([]byte, 6)), random(10)...)
	raw[6], raw[8] = raw[6]&15|0x70, raw[8]&63|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", raw[:4], raw[4:6], raw[6:8], raw[8:10], raw[10:])
}

// signed returns an event in its envelope: DSSE, with a low s (docs/spec/event.md).
func signed(origin any, topic string, body object, signers, subjects []string, key *ecdsa.PrivateKey, id string) object {
	now, form, kind := time.Now().UTC(), "2006-01-02T15:04:05.000Z", "application/vnd.techledger.event+json"
	sort.Strings(signers)
	payload := canonical(object{"body": body, "event_id": uuid7(), "issued_at": now.Format(form), "ledger": origin,
		"nonce": base64.RawURLEncoding.EncodeToString(random(16)), "not_after": now.AddDate(0, 0, 7).Format(form),
		"signers": signers, "subjects": subjects, "type": topic})
	r, s, err := ecdsa.Sign(rand.Reader, key, hash([]byte(fmt.Sprintf("DSSEv1 %d %s %d %s", len(kind), kind, len(payload), payload))))
	must(err == nil, err)
	if n := key.Params().N; s.Cmp(new(big.Int).Rsh(n, 1)) > 0 {
		s.Sub(n, s)
	}
	lines := []object{{"keyid": id, "sig": ok(asn1.Marshal(struct{ R, S *big.Int }{r, s}))}}
	return object{"payload": payload, "payloadType": kind, "signatures": lines}
}

// openCheckpoint verifies a note by the Ed25519 key of the trust root (docs/spec/log.md, Opening a checkpoint).
func openCheckpoint(note string, trust object) (size int, root []byte) {
	text, lines, _ := strings.Cut(note, "\n\n")
	said, kinds := strings.Split(text+"\n\n", "\n"), map[byte]bool{}
	ok(fmt.Sscan(said[1], &size))
	must(text == fmt.Sprintf("%v\n%d\n%s", trust["origin"], size, said[2]), "it is no checkpoint of this log")
	must(regexp.MustCompile("^(— [^ +\n]+ [A-Za-z0-9+/]+=*\n)+$").MatchString(lines), "behind the text stands what is no signature line")
	for _, vkey := range trust["log_keys"].([]any) {
		parts, found := strings.SplitN(vkey.(string), "+", 3), 0
		key := b64(parts[2])
		for _, each := range strings.Split("\n"+lines, "\n— "+parts[0]+" ")[1:] {
			if blob := b64(strings.SplitN(each, "\n", 2)[0]); bytes.HasPrefix(blob, hash([]byte(parts[0]+"\n"), key)[:4]) {
				must(key[0] != 1 || ed25519.Verify(key[1:], []byte(text+"\n"), blob[4:]), "the log's Ed25519 signature is not good")
				found, kinds[key[0]] = found+1, true
			}
		}
		must(found > 0, "a key of the log has not signed it: "+parts[1])
	}
	must(kinds[1] && kinds[6], "the trust root has no Ed25519 or no ML-DSA-44 key")
	return size, b64(said[2])
}

// verify says where an entry stands in the signed log: RFC 6962, section 2.1.1, from the leaf up.
func verify(entry []byte, proof string, trust object) string {
	head, note, _ := strings.Cut(proof, "\n\n")
	position, said := 0, strings.Split(head, "\n")
	ok(fmt.Sscanf(head, "c2sp.org/tlog-proof@v1\nindex %d", &position))
	size, signedRoot := openCheckpoint(note, trust)
	must(strings.HasPrefix(head+"\n", fmt.Sprintf("c2sp.org/tlog-proof@v1\nindex %d\n", position)) && 0 <= position && position < size, "it is no proof of an entry below the size")
	at, last, root := position, size-1, hash([]byte{0}, entry)
	for _, each := range said[2:] {
		must(last > 0 && len(b64(each)) == 32, "the proof has a hash too many")
		if at%2 == 1 || at == last {
			for root = hash([]byte{1}, b64(each), root); at%2 == 0 && at > 0; at, last = at/2, last/2 {
			}
		} else {
			root = hash([]byte{1}, root, b64(each))
		}
		at, last = at/2, last/2
	}
	must(last == 0 && bytes.Equal(root, signedRoot), "the proof does not lead to the signed root")
	return fmt.Sprintf("verified position %d of %d, Ed25519 line verified, ML-DSA-44 line there, not verified", position, size)
}

// submit verifies that what the log has, and the receipt is of, is what was signed: also where it is replayed.
func submit(url string, sent object, trust object) {
	answer := ok(http.Post(url+"/v1/events", "application/json", bytes.NewReader(canonical(object{"envelope": sent}))))
	said := read[object](answer.Body)
	must(answer.StatusCode == 201, fmt.Sprint(said["code"], ": ", said["detail"]))
	entry := read[struct{ Entry []byte }](ok(http.Get(fmt.Sprint(url, "/v1/events/", said["event_id"]))).Body).Entry
	ours := append([]byte("\n\n"), read[struct{ Payload []byte }](bytes.NewReader(canonical(sent))).Payload...)
	must(bytes.HasSuffix(entry, ours), "the entry is of another event")
	fmt.Println(verify(entry, said["proof"].(string), trust) + map[string]string{"true": ", replayed"}[answer.Header.Get("Replayed")])
}
func play(url string, trust object) {
	key := ok(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	spki := ok(x509.MarshalPKIXPublicKey(&key.PublicKey))
	id, person := fmt.Sprintf("%x", hash(spki)), fmt.Sprintf("party:tok.%x", random(16))
	operator := read[object](ok(http.Get(url + "/v1/entries/0")).Body)["payload"].(map[string]any)["body"].(map[string]any)["operator"].(string)
	record := object{"algorithm": "ecdsa-p256-sha256", "key_id": id, "public_key": spki}
	fmt.Println(string(canonical(signed(trust["origin"], "party.registered/1", object{"party": person, "kind": "person", "name": nil,
		"roles": []string{}, "seat": "VN", "keys": []object{record}}, []string{person, operator}, []string{"key:" + id, person}, key, id))))
	submit(url, read[object](os.Stdin), trust)
	technology := "technology:" + uuid7()
	sent := signed(trust["origin"], "technology.registered/1", object{"technology": technology, "title": "Quy trình chiết",
		"summary": "Chiết ở nhiệt độ thấp", "object_kind": "process", "trl": 4, "state_funded_ppm": 0, "category": nil,
		"owners": []object{{"party": person, "share": []int{1, 1}}}}, []string{person}, []string{person, technology}, key, id)
	submit(url, sent, trust)
	submit(url, sent, trust) // As after an answer that was lost: the same bytes.
}
func main() {
	trust := read[object](ok(os.Open(os.Args[len(os.Args)-1])))
	if os.Args[1] == "play" {
		play(os.Args[2], trust)
		return
	}
	fmt.Println(verify(ok(os.ReadFile(os.Args[2])), string(ok(os.ReadFile(os.Args[3]))), trust))
}
