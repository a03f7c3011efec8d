==== a procedure
DELIMITER //
CREATE PROCEDURE p (IN a INT)
BEGIN
  IF a > 0 THEN INSERT INTO t (v) VALUES ('x;'); END IF;
END //
DELIMITER ;
CALL p(1);
==== a trigger, a function and an event
delimiter $$
CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW BEGIN SET NEW.v = CONCAT(NEW.v, '!'); SET @x = 1; END$$
CREATE FUNCTION f () RETURNS INT DETERMINISTIC BEGIN DECLARE a INT; SET a = 2; RETURN a; END$$
CREATE EVENT e ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01' DISABLE DO BEGIN DELETE FROM t; DELETE FROM t; END$$
Delimiter ;
INSERT INTO t (v) VALUES (f());
==== two semicolons
DELIMITER ;;
CREATE PROCEDURE p () BEGIN SELECT 1; SELECT 2; END ;;
DELIMITER ;
INSERT INTO t (v) VALUES ('a');
==== words
DELIMITER end_of_it
INSERT INTO t (v) VALUES ('end_of_it') end_of_it
INSERT INTO t (v) VALUES ('b')
end_of_it
==== case matters in it
DELIMITER go
INSERT INTO t (v) VALUES ('Go') go INSERT INTO t (v) VALUES ('b')go
==== several changes
DELIMITER //
INSERT INTO t (v) VALUES ('a')//
DELIMITER |
INSERT INTO t (v) VALUES ('b//')|
   DELIMITER   $
INSERT INTO t (v) VALUES ('c|')$
DELIMITER	;
INSERT INTO t (v) VALUES ('d$');
==== what follows it on its line is nothing
DELIMITER // ; -- nothing
INSERT INTO t (v) VALUES ('a')//
==== quoted
DELIMITER '//'
INSERT INTO t (v) VALUES ('a')//
DELIMITER "a b"
INSERT INTO t (v) VALUES ('b') a b
DELIMITER '"'
INSERT INTO t (v) VALUES ('c')"
DELIMITER `;`
INSERT INTO t (v) VALUES ('d');
==== at most fifteen characters
DELIMITER a23456789012345678
INSERT INTO t (v) VALUES ('a') a23456789012345
INSERT INTO t (v) VALUES ('b')
==== a tab is part of it
DELIMITER //	
INSERT INTO t (v) VALUES ('a')//	
INSERT INTO t (v) VALUES ('b')
==== a tab that is part of it is missed where it fails
DELIMITER //	
INSERT INTO t (v) VALUES (1)//
==== without one it stays
DELIMITER
INSERT INTO t (v) VALUES ('a');
DELIMITER \
CREATE PROCEDURE p () INSERT INTO t (v) VALUES ('b');
DELIMITER //
CREATE PROCEDURE q () BEGIN CALL p(); END//
==== one that begins a comment
DELIMITER --
INSERT INTO t (v) VALUES ('a')--
DELIMITER #
INSERT INTO t (v) VALUES ('b')#
DELIMITER */
INSERT INTO t (v) VALUES ('c') /* d */ */
==== one that begins a comment too
DELIMITER /
INSERT INTO t (v) VALUES ('a/')/
INSERT INTO t (v) VALUES ('b')
/
==== only at the beginning of a line
SELECT 1 AS delimiter ; INSERT INTO t (v) VALUES ('a');
CREATE TABLE delimiter (delimiter INT); INSERT INTO delimiter VALUES (1);
==== in the middle of a statement it fails
INSERT INTO t (v)
DELIMITER //
VALUES ('a')//
==== several statements for the server
DELIMITER //
DROP PROCEDURE IF EXISTS p; CREATE PROCEDURE p () BEGIN SELECT 1; SELECT 2; END; //
INSERT INTO t (v) VALUES ('a'); INSERT INTO t (v) VALUES ('b;'); //
CREATE TABLE u (a INT);
INSERT INTO u VALUES (1) //
CREATE PROCEDURE q () BEGIN SELECT 1; END; INSERT INTO t (v) VALUES ('c') //
==== the second of several fails
DELIMITER //
INSERT INTO t (v) VALUES ('a'); INSERT INTO nowhere VALUES (1); INSERT INTO t (v) VALUES ('b') //
INSERT INTO t (v) VALUES ('c') //
==== loops, handlers, cases, labels
DELIMITER //
CREATE PROCEDURE p () l: BEGIN
  DECLARE n INT DEFAULT 0;
  DECLARE CONTINUE HANDLER FOR SQLEXCEPTION BEGIN SET n = -1; END;
  WHILE n < 3 DO
    CASE n WHEN 1 THEN INSERT INTO t (v) VALUES ('one;'); ELSE BEGIN END; END CASE;
    SET n = n + 1;
  END WHILE;
END //
CREATE PROCEDURE q () l: BEGIN DECLARE n INT DEFAULT 0; REPEAT SET n = n + 1; UNTIL n > 2 END REPEAT; INSERT INTO t (v) VALUES (n); END //
CALL q() //
==== the statements of a dump
/*!50003 SET @saved_sql_mode = @@sql_mode */ ;
DELIMITER ;;
/*!50003 CREATE*/ /*!50017 DEFINER=CURRENT_USER*/ /*!50003 TRIGGER g BEFORE INSERT ON t FOR EACH ROW BEGIN SET @a = 1; SET NEW.v = 'g;'; END */;;
DELIMITER ;
/*!50003 SET sql_mode = @saved_sql_mode */ ;
INSERT INTO t (v) VALUES ('a');
