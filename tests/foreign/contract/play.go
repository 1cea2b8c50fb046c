// The demo's story through a client that openapi-generator wrote, signed by Go's own crypto.
// Each line of the input is an event to sign and submit, or a question; each is answered by a line.
package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"

	"published"
)

const kind = "application/vnd.techledger.event+json"

type job struct {
	Payload          json.RawMessage
	Keys             []string
	Openings         []published.Opening
	Right, Party, On string
	Size, Position   int64
	Territories      []string
}

type object map[string]any

func ok[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// canonical writes RFC 8785: maps by name, numbers as they came, texts as they are.
func canonical(raw []byte) []byte {
	var value any
	reader, out := json.NewDecoder(bytes.NewReader(raw)), &bytes.Buffer{}
	reader.UseNumber()
	ok(0, reader.Decode(&value))
	writer := json.NewEncoder(out)
	writer.SetEscapeHTML(false)
	ok(0, writer.Encode(value))
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}

func signature(text string, payload []byte) published.EnvelopeSignaturesInner {
	block, _ := pem.Decode([]byte(text))
	key := ok(x509.ParsePKCS8PrivateKey(block.Bytes)).(ed25519.PrivateKey)
	id := sha256.Sum256(ok(x509.MarshalPKIXPublicKey(key.Public())))
	signed := ed25519.Sign(key, []byte(fmt.Sprintf("DSSEv1 %d %s %d %s", len(kind), kind, len(payload), payload)))
	return *published.NewEnvelopeSignaturesInner(fmt.Sprintf("%x", id), base64.StdEncoding.EncodeToString(signed))
}

func submit(api *published.APIClient, given job) object {
	payload := canonical(given.Payload)
	lines := []published.EnvelopeSignaturesInner{}
	for _, key := range given.Keys {
		lines = append(lines, signature(key, payload))
	}
	submission := published.NewSubmission(*published.NewEnvelope(base64.StdEncoding.EncodeToString(payload), kind, lines))
	submission.Openings = given.Openings
	receipt, _, err := api.EventsAPI.SubmitEvent(context.Background()).Submission(*submission).Execute()
	var told *published.GenericOpenAPIError
	if errors.As(err, &told) {
		refused := told.Model().(published.RefusedProblem)
		return object{"code": refused.Code, "positions": refused.Positions, "says": refused.Remedy.Says}
	}
	ok(0, err)
	return object{"position": receipt.Position, "grade": receipt.Grade}
}

func ask(api *published.APIClient, given job) object {
	to := context.Background()
	title, _, err := api.RightsAPI.GetTitle(to, given.Right).TrueOn(given.On).AtLeast(given.Size).Execute()
	ok(0, err)
	owners, licensed := [][]any{}, []bool{}
	for _, owner := range title.Owners {
		owners = append(owners, []any{owner.Party, owner.Share[0], owner.Share[1]})
	}
	for _, territory := range given.Territories {
		check, _, err := api.LicencesAPI.CheckLicence(to).Party(given.Party).Act("sell").Right(given.Right).
			Territory(territory).Field("C09D").TrueOn(given.On).AtLeast(given.Size).Execute()
		ok(0, err)
		licensed = append(licensed, check.Licensed)
	}
	entry, _, err := api.EntriesAPI.GetEntry(to, given.Position).Execute()
	ok(0, err)
	signers := entry.Payload.ContractConcludedEvent.Signers
	return object{"owners": owners, "verdict": title.Verdict, "licensed": licensed, "signers": signers}
}

func main() {
	settings := published.NewConfiguration()
	settings.Servers[0].URL = os.Args[1]
	api, lines := published.NewAPIClient(settings), bufio.NewReader(os.Stdin)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var given job
		ok(0, json.Unmarshal(line, &given))
		answer := ask
		if given.Payload != nil {
			answer = submit
		}
		fmt.Println(string(ok(json.Marshal(answer(api, given)))))
	}
}
