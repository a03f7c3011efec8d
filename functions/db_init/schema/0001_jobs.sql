-- The tables that Hydra's client and job container write to, as they know them (schema 0.0.1).
-- There is no DROP here: a database that has these tables keeps them, and every row in them.

CREATE TABLE IF NOT EXISTS schema_info (
  version  VARCHAR(20) NULL,
  created  TIMESTAMP   NULL DEFAULT CURRENT_TIMESTAMP,
  modified TIMESTAMP   NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  notes    TEXT        NULL
);

INSERT INTO schema_info (version, notes)
  SELECT '0.0.1', 'made by db_init' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM schema_info);

CREATE TABLE IF NOT EXISTS job_type (
  id     BIGINT       NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name   VARCHAR(100) NOT NULL,
  args   TEXT         NULL,
  notes  TEXT         NULL,
  status INT          NOT NULL DEFAULT 0,
  KEY name_index (name)
);

INSERT IGNORE INTO job_type (id, name, status) VALUES
  (1, 'unknown', 1), (2, 'experiment', 1), (3, 'job', 1), (4, 'jobset', 1);

CREATE TABLE IF NOT EXISTS job (
  id        BIGINT       NOT NULL AUTO_INCREMENT PRIMARY KEY,
  type_id   BIGINT       NOT NULL DEFAULT 1,
  name      VARCHAR(100) NOT NULL,
  job_uuid  VARCHAR(100) NOT NULL,
  created   TIMESTAMP    NULL DEFAULT CURRENT_TIMESTAMP,
  modified  TIMESTAMP    NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  parent_id BIGINT       NULL,
  args      JSON         NULL,
  notes     TEXT         NULL,
  status    INT          NOT NULL DEFAULT 0,
  UNIQUE KEY job_uuid (job_uuid),
  KEY parent_id_index (parent_id),
  CONSTRAINT job_parent FOREIGN KEY (parent_id) REFERENCES job (id) ON DELETE CASCADE,
  CONSTRAINT job_of_type FOREIGN KEY (type_id) REFERENCES job_type (id)
);

CREATE TABLE IF NOT EXISTS job_attribute (
  job_id  BIGINT       NOT NULL,
  k       VARCHAR(100) NOT NULL,
  v       VARCHAR(200) NULL,
  longval TEXT         NULL,
  KEY k_index (k),
  KEY v_index (v),
  CONSTRAINT attribute_of_job FOREIGN KEY (job_id) REFERENCES job (id) ON DELETE CASCADE
);

CREATE TABLE IF NOT EXISTS job_event_type (
  id    BIGINT       NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name  VARCHAR(100) NOT NULL,
  args  TEXT         NULL,
  notes TEXT         NULL,
  KEY name_index (name)
);

INSERT IGNORE INTO job_event_type (id, name) VALUES
  (1, 'unknown'), (2, 'state'), (3, 'request'), (4, 'log'), (5, 'callback'), (6, 'execution'), (7, 'uuidchange');

CREATE TABLE IF NOT EXISTS job_event (
  id      BIGINT      NOT NULL AUTO_INCREMENT PRIMARY KEY,
  type_id BIGINT      NOT NULL DEFAULT 1,
  job_id  BIGINT      NOT NULL,
  src     VARCHAR(50) NOT NULL,
  created TIMESTAMP   NULL DEFAULT CURRENT_TIMESTAMP,
  args    TEXT        NULL,
  raw     JSON        NULL,
  status  INT         NOT NULL DEFAULT 0,
  CONSTRAINT event_of_job FOREIGN KEY (job_id) REFERENCES job (id) ON DELETE CASCADE,
  CONSTRAINT event_of_type FOREIGN KEY (type_id) REFERENCES job_event_type (id)
);
