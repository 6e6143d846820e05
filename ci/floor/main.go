// Command floor does the two HTTP exchanges of a login, the token's and
// AssumeRoleWithWebIdentity's, with net/http and nothing else. What the step
// takes beyond it is the price of everything that the step does.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"strings"
)

func main() {
	log.SetFlags(0)
	if err := login(); err != nil {
		log.Fatal(err)
	}
}

func login() error {
	token, err := idToken()
	if err != nil {
		return err
	}
	resp, err := http.Post(os.Getenv("AWS_ENDPOINT_URL_STS"), "application/x-www-form-urlencoded", strings.NewReader(url.Values{
		"Action":           {"AssumeRoleWithWebIdentity"},
		"Version":          {"2011-06-15"},
		"RoleArn":          {os.Getenv("INPUT_ROLE-TO-ASSUME")},
		"RoleSessionName":  {"floor"},
		"WebIdentityToken": {token},
	}.Encode()))
	if err != nil {
		return err
	}
	_, err = body(resp)
	return err
}

func idToken() (string, error) {
	req, err := http.NewRequest(http.MethodGet, os.Getenv("ACTIONS_ID_TOKEN_REQUEST_URL")+"&audience=sts.amazonaws.com", nil)
	if err != nil {
		return "", err
	}
	req.Header.Set("Authorization", "Bearer "+os.Getenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN"))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	content, err := body(resp)
	if err != nil {
		return "", err
	}
	var answer struct{ Value string }
	err = json.Unmarshal(content, &answer)
	return answer.Value, err
}

// body returns the content of an answer that is a 200.
func body(resp *http.Response) ([]byte, error) {
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: %s", resp.Request.Method, resp.Request.URL.Path, resp.Status)
	}
	return content, err
}
