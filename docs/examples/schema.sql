-- Run it once, before the receiver starts. PostgreSQL and MariaDB both take it.
CREATE TABLE events (event_id VARCHAR(200) PRIMARY KEY, type VARCHAR(200) NOT NULL);
CREATE TABLE sales (event_id VARCHAR(200) NOT NULL, sale_id BIGINT, store_id BIGINT, total DECIMAL(12, 2));
