-- The tables that Hydra's client and job container write to.
-- There is no DROP here: a database that has these tables keeps them, and every row in them.

CREATE TABLE IF NOT EXISTS schema_info (
  version  VARCHAR(32) NOT NULL PRIMARY KEY,
  created  TIMESTAMP   NOT NULL DEFAULT CURRENT_TIMESTAMP,
  modified TIMESTAMP   NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  notes    TEXT        NULL
);

CREATE TABLE IF NOT EXISTS job_type (
  id     INT          NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name   VARCHAR(64)  NOT NULL,
  args   JSON         NULL,
  notes  TEXT         NULL,
  status INT          NOT NULL DEFAULT 0
);

CREATE TABLE IF NOT EXISTS job (
  id        BIGINT       NOT NULL AUTO_INCREMENT PRIMARY KEY,
  type_id   INT          NOT NULL DEFAULT 1,
  name      VARCHAR(255) NULL,
  job_uuid  VARCHAR(64)  NOT NULL,
  created   TIMESTAMP    NOT NULL DEFAULT CURRENT_TIMESTAMP,
  modified  TIMESTAMP    NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  parent_id BIGINT       NULL,
  args      JSON         NULL,
  notes     TEXT         NULL,
  status    INT          NOT NULL DEFAULT 0,
  UNIQUE KEY job_uuid (job_uuid),
  FOREIGN KEY (type_id) REFERENCES job_type (id),
  FOREIGN KEY (parent_id) REFERENCES job (id) ON DELETE CASCADE
);

CREATE TABLE IF NOT EXISTS job_attribute (
  id      BIGINT       NOT NULL AUTO_INCREMENT PRIMARY KEY,
  job_id  BIGINT       NOT NULL,
  k       VARCHAR(128) NOT NULL,
  v       VARCHAR(255) NULL,
  longval LONGTEXT     NULL,
  KEY k (k),
  KEY v (v),
  FOREIGN KEY (job_id) REFERENCES job (id) ON DELETE CASCADE
);

CREATE TABLE IF NOT EXISTS job_event_type (
  id    INT         NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name  VARCHAR(64) NOT NULL,
  args  JSON        NULL,
  notes TEXT        NULL
);

CREATE TABLE IF NOT EXISTS job_event (
  id      BIGINT       NOT NULL AUTO_INCREMENT PRIMARY KEY,
  type_id INT          NOT NULL DEFAULT 1,
  job_id  BIGINT       NOT NULL,
  src     VARCHAR(255) NULL,
  created TIMESTAMP    NOT NULL DEFAULT CURRENT_TIMESTAMP,
  args    JSON         NULL,
  raw     JSON         NULL,
  status  INT          NOT NULL DEFAULT 0,
  FOREIGN KEY (type_id) REFERENCES job_event_type (id),
  FOREIGN KEY (job_id) REFERENCES job (id) ON DELETE CASCADE
);

INSERT IGNORE INTO job_type (id, name) VALUES (1, 'unknown'), (2, 'experiment'), (3, 'job'), (4, 'jobset');

INSERT IGNORE INTO job_event_type (id, name) VALUES
  (1, 'unknown'), (2, 'state'), (3, 'request'), (4, 'log'), (5, 'callback'), (6, 'execution'), (7, 'uuidchange');
