package assume

import (
	"bytes"
	"encoding/xml"
	"io"
	"net/http"
	"time"
)

// received keeps the response to one call as it was received: the SDK's errors do
// not distinguish an incomplete response of STS from the page of a proxy. Without
// a response it keeps the client's error, which the SDK drops if the context has
// ended. It is an aws.HTTPClient.
type received struct {
	client *http.Client
	failed error
	status int
	body   []byte
}

func (r *received) Do(request *http.Request) (*http.Response, error) {
	got, err := r.client.Do(request)
	if err != nil {
		r.failed = err
		return nil, err
	}
	r.status = got.StatusCode
	if r.status != http.StatusOK {
		return got, nil
	}
	r.body, err = io.ReadAll(got.Body)
	got.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(r.body), failing{err}), got.Body}
	return got, nil
}

// failing is the end of a body: io.EOF, or the error that it ended with.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	return 0, io.EOF
}

// judge returns what is wrong with a call: the client's error or the SDK's, or for
// a well-formed response of status 200 to this action, a badResponse that names
// what it lacks. Such a response is STS's own, and a retry would not change it.
func (r *received) judge(action string, err error) error {
	if r.failed != nil {
		return r.failed
	}
	if r.status != http.StatusOK {
		return err
	}
	if err == nil {
		if len(bytes.TrimSpace(r.body)) == 0 {
			return errEmpty
		}
		return nil
	}
	var answer struct {
		XMLName xml.Name
		Results []struct {
			XMLName    xml.Name
			Expiration string `xml:"Credentials>Expiration"`
		} `xml:",any"`
	}
	if xml.Unmarshal(r.body, &answer) != nil || answer.XMLName.Local != action+"Response" {
		return err
	}
	for _, result := range answer.Results {
		if result.XMLName.Local != action+"Result" {
			continue
		}
		if _, bad := time.Parse(time.RFC3339, result.Expiration); bad != nil && result.Expiration != "" {
			return badResponse("the response has an invalid Expiration")
		}
		return badResponse("the response has an invalid element in its " + action + "Result")
	}
	return badResponse("the response has no " + action + "Result")
}
