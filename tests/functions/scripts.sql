#### semicolon in a text
INSERT INTO t (v) VALUES ('a;b');
INSERT INTO t (v) VALUES ("c;d");

#### escaped quote
INSERT INTO t (v) VALUES ('it\'s;');
INSERT INTO t (v) VALUES ("say \"a;b\"");

#### doubled quote
INSERT INTO t (v) VALUES ('it''s;');
INSERT INTO t (v) VALUES ("say ""a;b""");

#### the other quote
INSERT INTO t (v) VALUES ('"');
INSERT INTO t (v) VALUES ("'");
INSERT INTO t (v) VALUES ('`;');

#### escaped backslash
INSERT INTO t (v) VALUES ('a\\');
INSERT INTO t (v) VALUES ('b\\;');
INSERT INTO t (v) VALUES ('\\\'c;');

#### other escapes
INSERT INTO t (v) VALUES ('\n\t\0\r\Z\%\_\x');

#### text over lines
INSERT INTO t (v) VALUES ('a
;
-- b
# c
/* d */
');

#### comment signs in a text
INSERT INTO t (v) VALUES ('-- a');
INSERT INTO t (v) VALUES ('# b');
INSERT INTO t (v) VALUES ('/* c');
INSERT INTO t (v) VALUES ('*/ d');

#### quoted name
CREATE TABLE `a;b` (`c``;d` INT, `-- e` INT, `/* f` INT);

#### backslash in a name
CREATE TABLE `a\` (`b\` INT);
INSERT INTO `a\` VALUES (1);

#### quote in a name
CREATE TABLE `it's` (a INT);
INSERT INTO `it's` VALUES (1);

#### line comment
-- a; b
INSERT INTO t (v) VALUES (1);
  -- c; 'd
INSERT INTO t (v) VALUES (2);

#### line comment behind
INSERT INTO t (v) VALUES (1); -- a; 'b
INSERT INTO t (v) VALUES (2);

#### line comment within
INSERT INTO t (v) -- a; 'b
VALUES (1);

#### line comment with a tab
--	a; 'b
INSERT INTO t (v) VALUES (1);

#### two minus signs
INSERT INTO t (v) VALUES (5--1);
INSERT INTO t (v) VALUES (5 --1);

#### hash comment
# a; 'b
INSERT INTO t (v) VALUES (1);
INSERT INTO t (v) # c;
VALUES (2);

#### hash without white space
#a;'b
INSERT INTO t (v) VALUES (1);

#### block comment
/* a; 'b */INSERT INTO t (v) VALUES (1);
INSERT /* c; ' */ INTO t (v) VALUES (2 /* ; */);

#### block comment over lines
/* a;
 -- b
 ' */
INSERT INTO t (v) VALUES (1);

#### block comments that touch
INSERT INTO t (v) VALUES (1/**/);
INSERT INTO t (v) VALUES (2/***/);
INSERT INTO t (v) VALUES (3/* * / */);

#### nothing but comments
-- a
/* b */
# c

#### version comment
/*!40101 INSERT INTO t (v) VALUES (1) */;
/*! INSERT INTO t (v) VALUES (2) */;

#### version comment of the future
/*!99999 INSERT INTO t (v) VALUES (1) */;
INSERT INTO t (v) VALUES (2);

#### text in a version comment
INSERT INTO t (v) VALUES (/*!40101 'a;*/b' */);

#### statement with a version comment
CREATE /*!50013 SQL SECURITY INVOKER */ VIEW w AS SELECT 1 AS a;

#### hint
INSERT /*+ NO_SUCH_HINT; ' */ INTO t (v) VALUES (1);

#### delimiter
DELIMITER //
INSERT INTO t (v) VALUES (1)//
INSERT INTO t (v) VALUES (';')//
DELIMITER ;
INSERT INTO t (v) VALUES (3);

#### delimiter in any case
delimiter $$
INSERT INTO t (v) VALUES (1)$$
DeLiMiTeR ;
INSERT INTO t (v) VALUES (2);

#### delimiter of two semicolons
DELIMITER ;;
INSERT INTO t (v) VALUES (1);;
DELIMITER ;
INSERT INTO t (v) VALUES (2);

#### delimiter of a letter
DELIMITER |
INSERT INTO t (v) VALUES ('a|b')|
DELIMITER ;
INSERT INTO t (v) VALUES (2);

#### delimiter of a word
DELIMITER go
INSERT INTO t (v) VALUES (1) go
DELIMITER ;
INSERT INTO t (v) VALUES (2);

#### indented delimiter
  DELIMITER //
INSERT INTO t (v) VALUES (1)//
	DELIMITER ;
INSERT INTO t (v) VALUES (2);

#### quoted delimiter
DELIMITER '//'
INSERT INTO t (v) VALUES (1)//
DELIMITER ;
INSERT INTO t (v) VALUES (2);

#### delimiter and more
DELIMITER // and more
INSERT INTO t (v) VALUES (1)//
DELIMITER ;
INSERT INTO t (v) VALUES (2);

#### long delimiter
DELIMITER abcdefghijklmnopqrst
INSERT INTO t (v) VALUES (1) abcdefghijklmno
DELIMITER ;

#### delimiter after a comment
-- a
/* b */
DELIMITER //
INSERT INTO t (v) VALUES (1)//
DELIMITER ;

#### a column called delimiter
CREATE TABLE u (`delimiter` INT);
INSERT INTO u SELECT 1 AS delimiter;

#### delimiter in a text
INSERT INTO t (v) VALUES ('
DELIMITER //
');
INSERT INTO t (v) VALUES (2);

#### procedure
DELIMITER //
CREATE PROCEDURE p(a INT)
BEGIN
  DECLARE b INT DEFAULT 0;
  WHILE b < a DO
    INSERT INTO t (v) VALUES (CONCAT('b;', b));
    SET b = b + 1;
  END WHILE;
END//
DELIMITER ;
CALL p(3);

#### function
DELIMITER $$
CREATE FUNCTION f(a INT) RETURNS INT DETERMINISTIC
BEGIN RETURN a + 1; END$$
DELIMITER ;
INSERT INTO t (v) VALUES (f(1));

#### trigger
CREATE TABLE log (a INT);
DELIMITER //
CREATE TRIGGER g AFTER INSERT ON t FOR EACH ROW
BEGIN
  INSERT INTO log VALUES (NEW.n);
END;//
DELIMITER ;
INSERT INTO t (v) VALUES (1);
INSERT INTO t (v) VALUES (2);

#### event
DELIMITER //
CREATE EVENT e ON SCHEDULE AT '2037-01-01 00:00:00' DO BEGIN DELETE FROM t; END//
DELIMITER ;

#### trigger on one line
CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.v = CONCAT(NEW.v, ';');
INSERT INTO t (v) VALUES (1);

#### empty statements
;;;
INSERT INTO t (v) VALUES (1);
 ; ;

;INSERT INTO t (v) VALUES (2);

#### white space at the end
INSERT INTO t (v) VALUES (1);

 	

#### percent and colon
INSERT INTO t (v) VALUES ('100 % %s %(a)s');
INSERT INTO t (v) VALUES (':name ?');
INSERT INTO t (v) VALUES (10 % 3);

#### characters of four bytes
INSERT INTO t (v) VALUES ('😀;');
INSERT INTO t (v) VALUES ('ä中;');

#### hexadecimal and bits
INSERT INTO t (v) VALUES (x'3b27');
INSERT INTO t (v) VALUES (0x3b);
INSERT INTO t (v) VALUES (b'00111011');
INSERT INTO t (v) VALUES (_utf8mb4'a;');
INSERT INTO t (v) VALUES (N'b;');

#### json
CREATE TABLE j (a JSON);
INSERT INTO j VALUES ('{"a": "b;c", "d": [1, "it''s"]}');

#### no backslash escapes
SET sql_mode = 'NO_BACKSLASH_ESCAPES';
INSERT INTO t (v) VALUES ('a\');
INSERT INTO t (v) VALUES (';\');
SET sql_mode = '';
INSERT INTO t (v) VALUES ('b\';');

#### ANSI quotes
SET sql_mode = 'ANSI_QUOTES';
CREATE TABLE "a;b" ("c" INT);
INSERT INTO "a;b" VALUES (1);

#### transaction
START TRANSACTION;
INSERT INTO t (v) VALUES (1);
ROLLBACK;
BEGIN;
INSERT INTO t (v) VALUES (2);
COMMIT;

#### autocommit off
SET autocommit = 0;
INSERT INTO t (v) VALUES (1);
COMMIT;
INSERT INTO t (v) VALUES (2);

#### savepoints
BEGIN;
INSERT INTO t (v) VALUES (1);
SAVEPOINT a;
INSERT INTO t (v) VALUES (2);
ROLLBACK TO a;
COMMIT;

#### user variables
SET @a = 'b;', @`c d` = 2;
INSERT INTO t (v) VALUES (@a);
INSERT INTO t (v) VALUES (@`c d`);
SELECT COUNT(*) INTO @n FROM t;
INSERT INTO t (v) VALUES (@n);

#### last insert id
INSERT INTO t (v) VALUES (1);
INSERT INTO t (v) VALUES (LAST_INSERT_ID());

#### prepared
PREPARE s FROM 'INSERT INTO t (v) VALUES (?)';
SET @a = 'x;y';
EXECUTE s USING @a;
DEALLOCATE PREPARE s;

#### locked tables
LOCK TABLES t WRITE;
INSERT INTO t (v) VALUES (1);
INSERT INTO t (v) VALUES (2);
UNLOCK TABLES;

#### tables locked in a transaction
BEGIN;
INSERT INTO t (v) VALUES (1);
LOCK TABLES t WRITE;
UNLOCK TABLES;

#### tables unlocked in a transaction
LOCK TABLES t WRITE;
SET autocommit = 0;
INSERT INTO t (v) VALUES (1);
UNLOCK TABLES;
INSERT INTO t (v) VALUES (2);
UNLOCK TABLES;

#### a transaction that may not write
START TRANSACTION READ ONLY;
SELECT * FROM t;
COMMIT;
INSERT INTO t (v) VALUES (1);

#### temporary table
CREATE TEMPORARY TABLE u (a INT);
INSERT INTO u VALUES (7);
INSERT INTO t (v) SELECT a FROM u;

#### what answers
SELECT 1;
SHOW TABLES;
INSERT INTO t (v) VALUES (1);
EXPLAIN SELECT 1;

#### another database
CREATE DATABASE IF NOT EXISTS other_one;
USE other_one;
CREATE TABLE IF NOT EXISTS u (a INT);

#### parentheses first
INSERT INTO t (v) VALUES (1);
(SELECT 1);
((SELECT 2) UNION (SELECT 3));

#### common table expression
INSERT INTO t (v) WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 4) SELECT n FROM c;

#### a dump
/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
/*!50503 SET NAMES utf8mb4 */;
/*!40014 SET @OLD_FOREIGN_KEY_CHECKS=@@FOREIGN_KEY_CHECKS, FOREIGN_KEY_CHECKS=0 */;
DROP TABLE IF EXISTS `u`;
CREATE TABLE `u` (`a` int);
LOCK TABLES `u` WRITE;
/*!40000 ALTER TABLE `u` DISABLE KEYS */;
INSERT INTO `u` VALUES (1),(2);
/*!40000 ALTER TABLE `u` ENABLE KEYS */;
UNLOCK TABLES;
/*!40014 SET FOREIGN_KEY_CHECKS=@OLD_FOREIGN_KEY_CHECKS */;
