==== a dash needs white space after it
INSERT INTO t (v) VALUES (5 --1), (6--2);
INSERT INTO t (v) VALUES ('a') -- ; '
; INSERT INTO t (v) VALUES ('b') --	tab; "
; INSERT INTO t (v) VALUES ('c') --
;
==== hash
# one; '
INSERT INTO t (v) VALUES ('a') # two; "
; #three
INSERT INTO t (v) VALUES ('b');#
==== blocks
/* one; ' */ INSERT INTO t /* two; " ` */ (v) /**/ VALUES /***/ ('a') /* -- # */ ;
/* three
; */
INSERT INTO t (v) VALUES ('b') /* four
'; */ ;
==== blocks do not nest
INSERT INTO t (v) VALUES (1 /* /* ; */ + 1);
==== a block does not end in its beginning, says MySQL
/*/ ; /*/ INSERT INTO t (v) VALUES ('b');
==== comments in comments
-- /* one
INSERT INTO t (v) VALUES ('a'); # */ '
/* -- */ INSERT INTO t (v) VALUES ('b'); /* # */ INSERT INTO t (v) VALUES ('c');
==== a comment between statements on a line
INSERT INTO t (v) VALUES ('a'); /* ; */ INSERT INTO t (v) VALUES ('b'); -- ; INSERT INTO t (v) VALUES ('c');
==== version comments run
/*! INSERT INTO t (v) VALUES ('a') */; /*!50003 INSERT INTO t (v) VALUES ('b;') */;
INSERT /*!40000 INTO */ t (v) VALUES ('c' /*!50000 'd;' */);
==== version comments of the future do not
/*!999999 INSERT INTO t (v) VALUES ('a') */; INSERT INTO t (v) VALUES ('b' /*!999999 , 'c' */);
==== a string in a version comment
/*!50003 INSERT INTO t (v) VALUES ('*/') */; INSERT INTO t (v) VALUES ('b');
==== a version comment over lines
/*!50003 INSERT INTO t (v)
VALUES ('a')
*/;
INSERT INTO t (v) VALUES ('b');
==== a semicolon in a version comment fails
INSERT INTO t (v) VALUES ('before'); /*! INSERT INTO t (v) VALUES ('a'); */ INSERT INTO t (v) VALUES ('b');
==== the settings of a dump
/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
/*!40014 SET @OLD_FOREIGN_KEY_CHECKS=@@FOREIGN_KEY_CHECKS, FOREIGN_KEY_CHECKS=0 */;
/*!50503 SET NAMES utf8mb4 */;
INSERT INTO t (v) VALUES ('a');
/*!40014 SET FOREIGN_KEY_CHECKS=@OLD_FOREIGN_KEY_CHECKS */;
==== MariaDB's own comments
/*M!999999\- enable the sandbox mode */
INSERT INTO t (v) VALUES ('a'); /*M!999999 it's; */ INSERT INTO t (v) VALUES ('b');
==== what MariaDB alone runs
/*M!100100 INSERT INTO t (v) VALUES ('a') */; INSERT INTO t (v) VALUES ('b'); /*M! DELETE FROM t */
==== hints
INSERT /*+ SET_VAR(sort_buffer_size = 262144) */ INTO t (v) VALUES ('a'); SELECT /*+ ; ' " ` */ 1;
INSERT INTO t (v) SELECT /*+ MAX_EXECUTION_TIME(1000) */ 'b';
==== nothing but comments
-- one
# two
/* three */
==== a comment without an end fails, says MySQL
INSERT INTO t (v) VALUES ('before'); INSERT INTO t (v) VALUES ('a') /* ; INSERT INTO t (v) VALUES ('b');
==== a comment at the end
INSERT INTO t (v) VALUES ('a'); -- end
==== comments before a client's command
INSERT INTO t (v) VALUES ('a');
-- one
/* two */
DELIMITER //
INSERT INTO t (v) VALUES ('b')//
==== comments stay in a body, says MySQL
DELIMITER //
CREATE PROCEDURE p () /* one; */ BEGIN
  -- two; '
  SELECT 1; # three; "
  /* four; ` */ SELECT 2;
END //
==== operators that look like comments
INSERT INTO t (v) VALUES (4/2), (4 / 2*3), (4-1), (4 - -1), (4*/**/2);
