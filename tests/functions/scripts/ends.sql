==== the last statement without a semicolon
INSERT INTO t (v) VALUES ('a'); INSERT INTO t (v) VALUES ('b')
==== empty statements
;;; INSERT INTO t (v) VALUES ('a');;

 ;	; INSERT INTO t (v) VALUES ('b') ; ;
==== nothing
==== white space alone


  	
==== many on a line, one over many
INSERT INTO t (v) VALUES ('a');INSERT INTO t (v) VALUES ('b');INSERT
INTO
t

(v) VALUES ('c')

;
==== an error stops it and fails
INSERT INTO t (v) VALUES ('a'); INSERT INTO nowhere VALUES (1); INSERT INTO t (v) VALUES ('b');
==== a duplicate stops it and fails
INSERT INTO t (id, v) VALUES (1, 'a'); INSERT INTO t (id, v) VALUES (1, 'b'); INSERT INTO t (id, v) VALUES (2, 'c');
==== a transaction
START TRANSACTION; INSERT INTO t (v) VALUES ('a'); COMMIT; BEGIN; INSERT INTO t (v) VALUES ('b'); ROLLBACK;
==== a transaction without an end
INSERT INTO t (v) VALUES ('a'); BEGIN; INSERT INTO t (v) VALUES ('b');
==== variables and prepared statements
SET @a = 'x;y'; PREPARE s FROM 'INSERT INTO t (v) VALUES (?)'; EXECUTE s USING @a; DEALLOCATE PREPARE s;
==== a view with a semicolon in it
CREATE VIEW w AS SELECT 'a;b' AS `c;d`; INSERT INTO t (v) SELECT `c;d` FROM w;
==== a trigger of one statement
CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.v = CONCAT(NEW.v, ';'); INSERT INTO t (v) VALUES ('a');
==== a table with all of it
CREATE TABLE IF NOT EXISTS u (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, `key` VARCHAR(20) DEFAULT ';' COMMENT 'it''s; so',
  parent INT, KEY k (`key`), CONSTRAINT c FOREIGN KEY (parent) REFERENCES t (id) ON DELETE CASCADE) COMMENT='-- no; # no';
INSERT INTO t (v) VALUES ('a'); INSERT INTO u (parent) VALUES (1); DELETE FROM t;
