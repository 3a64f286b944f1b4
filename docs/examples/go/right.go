// A right receiver on net/http and PostgreSQL: `go run right.go`, with DATABASE_URL and PORT set.
package main

import (
	"database/sql"
	"encoding/json"
	"log"
	"net/http"
	"os"
	"strings"

	_ "github.com/lib/pq"
)

type sale struct { // encoding/json passes over fields that are not named here
	SaleID  *int64       `json:"saleId"`
	StoreID *int64       `json:"storeId"`
	Total   *json.Number `json:"total"`
}

func main() {
	database, err := sql.Open("postgres", os.Getenv("DATABASE_URL"))
	if err != nil {
		log.Fatal(err)
	}
	database.SetMaxOpenConns(10)
	http.HandleFunc("/hook", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(answer(database, r))
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}

func answer(database *sql.DB, r *http.Request) int {
	eventID, eventType := r.Header.Get("X-Webhook-Event-Id"), r.Header.Get("X-Webhook-Event")
	if !strings.Contains(r.Header.Get("Content-Type"), "json") {
		return http.StatusUnsupportedMediaType
	}
	var event json.RawMessage
	if json.NewDecoder(r.Body).Decode(&event) != nil || eventID == "" || eventType == "" {
		return http.StatusBadRequest
	}
	if err := book(database, eventID, eventType, event); err != nil {
		log.Print(err)
		return http.StatusInternalServerError // the list -> resend job sends it again
	}
	return http.StatusNoContent // after the COMMIT, never before
}

func book(database *sql.DB, eventID, eventType string, event []byte) error {
	transaction, err := database.Begin()
	if err != nil {
		return err
	}
	defer transaction.Rollback() // does nothing after the COMMIT
	noted, err := transaction.Exec("INSERT INTO events (event_id, type) VALUES ($1, $2) ON CONFLICT DO NOTHING", eventID, eventType)
	if err != nil {
		return err
	}
	if rows, _ := noted.RowsAffected(); rows == 1 && eventType == "SaleCreated" {
		var s sale
		if err := json.Unmarshal(event, &s); err != nil {
			return err
		}
		if _, err := transaction.Exec("INSERT INTO sales (event_id, sale_id, store_id, total) VALUES ($1, $2, $3, $4)",
			eventID, s.SaleID, s.StoreID, s.Total); err != nil {
			return err
		}
	}
	return transaction.Commit()
}
