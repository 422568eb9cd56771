package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func serve(t *testing.T, pages map[string]string) map[string]string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := pages[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Write([]byte(body))
	}))
	t.Cleanup(server.Close)
	return map[string]string{"base_url": server.URL + "/"}
}

func encode(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

const summaryJSON = `{"page":{"name":"Acme"},"status":{"indicator":"minor","description":"Partly down"},
"components":[{"name":"API","status":"operational"},{"name":"Mail","status":"major_outage"}]}`

func TestSummaryListsWhatIsNotOperational(t *testing.T) {
	got, err := summary(context.Background(), noArgs{}, serve(t, map[string]string{"/api/v2/summary.json": summaryJSON}))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"page":"Acme","indicator":"minor","state":"Partly down","affected":[{"name":"Mail","status":"major_outage"}]}`
	if encode(t, got) != want {
		t.Errorf("got %s", encode(t, got))
	}
}

func TestIncidentsAreLimitedAndSummed(t *testing.T) {
	creds := serve(t, map[string]string{"/api/v2/incidents.json": `{"incidents":[
{"name":"Mail is slow","status":"resolved","impact":"minor","created_at":"2026-01-02T03:04:05Z","incident_updates":[{"body":"Mail queues are empty."}]},
{"name":"Older","incident_updates":[]}]}`})
	got, err := incidents(context.Background(), incidentsArgs{Limit: 1}, creds)
	if err != nil {
		t.Fatal(err)
	}
	text := encode(t, got)
	for _, want := range []string{`"id":"mail-is-slow"`, `"latest":"Mail queues are empty."`, `{"word":"mail","count":2}`} {
		if !strings.Contains(text, want) {
			t.Errorf("missing %s in %s", want, text)
		}
	}
	if strings.Contains(text, "Older") {
		t.Errorf("limit ignored: %s", text)
	}
}

func TestFailuresSayWhatWasTried(t *testing.T) {
	for want, creds := range map[string]map[string]string{
		"`base_url` must be": {"base_url": "ftp://x"},
		"`timeout` must be":  {"base_url": "http://x", "timeout": "0"},
		"404":                serve(t, nil),
		"no status page":     serve(t, map[string]string{"/api/v2/summary.json": "<html>"}),
	} {
		if err := check(context.Background(), creds); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

type recorder struct{ lines, progress int }

func (r *recorder) Send(any) error                  { r.lines++; return nil }
func (r *recorder) Progress(int, int, string) error { r.progress++; return nil }

func TestWatchStreamsEveryReading(t *testing.T) {
	var r recorder
	creds := serve(t, map[string]string{"/api/v2/summary.json": summaryJSON})
	if err := watch(context.Background(), json.RawMessage(`{"readings":2,"every_ms":1}`), creds, &r); err != nil {
		t.Fatal(err)
	}
	if r.lines != 2 || r.progress != 2 {
		t.Errorf("%+v", r)
	}
}
