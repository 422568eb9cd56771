package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"example.com/acme/plugins/sdk"
)

// answerLimit is far above any real status page; an endless answer must not fill the memory.
const answerLimit = 4 << 20

// page is one status page, as the credentials describe it.
type page struct {
	base   string
	client *http.Client
}

func newPage(creds map[string]string) (page, error) {
	base, err := url.Parse(strings.TrimRight(creds["base_url"], "/"))
	if err != nil || base.Host == "" || base.Scheme != "https" && base.Scheme != "http" {
		return page{}, sdk.Fail("bad_config", "`base_url` must be an http or https address, it is `%s`", creds["base_url"])
	}
	seconds := 10
	if text := creds["timeout"]; text != "" {
		if seconds, err = strconv.Atoi(text); err != nil || seconds < 1 {
			return page{}, sdk.Fail("bad_config", "`timeout` must be a whole number of seconds above 0, it is `%s`", text)
		}
	}
	return page{base.String(), &http.Client{Timeout: time.Duration(seconds) * time.Second}}, nil
}

type state struct {
	Indicator   string `json:"indicator"`
	Description string `json:"description"`
}

type component struct {
	Name   string `json:"name"`
	Status string `json:"status"`
}

type incident struct {
	Name    string `json:"name"`
	Status  string `json:"status"`
	Impact  string `json:"impact"`
	Created string `json:"created_at"`
	Updates []struct {
		Body string `json:"body"`
	} `json:"incident_updates"`
}

type summaryAnswer struct {
	Page struct {
		Name string `json:"name"`
	} `json:"page"`
	Status     state       `json:"status"`
	Components []component `json:"components"`
}

func (p page) summary(ctx context.Context) (summaryAnswer, error) {
	var out summaryAnswer
	err := p.get(ctx, "/api/v2/summary.json", &out)
	return out, err
}

func (p page) incidents(ctx context.Context) ([]incident, error) {
	var out struct {
		Incidents []incident `json:"incidents"`
	}
	err := p.get(ctx, "/api/v2/incidents.json", &out)
	return out.Incidents, err
}

func (p page) get(ctx context.Context, path string, into any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.base+path, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "statuspage/"+sdk.Version)
	answer, err := p.client.Do(request)
	if err != nil {
		return sdk.Fail("unreachable", "read %s: %v", p.base, err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return sdk.Fail("bad_answer", "%s answered %s", request.URL, answer.Status)
	}
	if err := json.NewDecoder(io.LimitReader(answer.Body, answerLimit)).Decode(into); err != nil {
		return sdk.Fail("bad_answer", "%s is no status page: %v", request.URL, err)
	}
	return nil
}
