// A naive receiver: it keeps the ids that it has seen in memory. The bug: a restart forgets them.
package main

import (
	"database/sql"
	"encoding/json"
	"log"
	"net/http"
	"os"
	"sync"

	_ "github.com/lib/pq"
)

type sale struct {
	SaleID  *int64       `json:"saleId"`
	StoreID *int64       `json:"storeId"`
	Total   *json.Number `json:"total"`
}

func main() {
	database, err := sql.Open("postgres", os.Getenv("DATABASE_URL"))
	if err != nil {
		log.Fatal(err)
	}
	var lock sync.Mutex
	seen := map[string]bool{}
	http.HandleFunc("/hook", func(w http.ResponseWriter, r *http.Request) {
		lock.Lock()
		defer lock.Unlock()
		eventID := r.Header.Get("X-Webhook-Event-Id")
		var s sale
		if json.NewDecoder(r.Body).Decode(&s) != nil || eventID == "" {
			http.Error(w, "expected an event", http.StatusBadRequest)
			return
		}
		if !seen[eventID] && r.Header.Get("X-Webhook-Event") == "SaleCreated" {
			if _, err := database.Exec("INSERT INTO sales (event_id, sale_id, store_id, total) VALUES ($1, $2, $3, $4)",
				eventID, s.SaleID, s.StoreID, s.Total); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			seen[eventID] = true
		}
		w.WriteHeader(http.StatusNoContent)
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}
