==== semicolons in each kind of quotes
INSERT INTO t (v) VALUES ('a;b'), ("c;d"); CREATE TABLE `x;y` (`z;` INT); INSERT INTO `x;y` VALUES (1);
==== doubled quotes
INSERT INTO t (v) VALUES ('it''s;'), ("say ""no"";"), (''''), (""""), ('''');
==== a doubled backtick
CREATE TABLE `a``;b` (c INT); INSERT INTO `a``;b` VALUES (1);
==== escapes
INSERT INTO t (v) VALUES ('it\'s;'), ("say \"no\";"), ('\\'), ('a\nb\0c\Z\%\_'), ('\
;');
==== a string that ends in two backslashes
INSERT INTO t (v) VALUES ('C:\\'); INSERT INTO t (v) VALUES ('next');
==== a backslash is nothing in backticks
CREATE TABLE `a\` (b INT); INSERT INTO `a\` VALUES (1);
==== quotes in other quotes
INSERT INTO t (v) VALUES ("it's;"), ('"'), ('`;'), ("`"); SELECT 1 AS `'";`;
==== comments in strings
INSERT INTO t (v) VALUES ('-- no'), ('# no'), ('/* no'), ("*/"), ('/*! no */'), ('
-- no
# no
'); INSERT INTO t (v) VALUES ('after');
==== comments in identifiers
CREATE TABLE `-- no` (`/* no` INT, `# no` INT); INSERT INTO `-- no` VALUES (1, 2);
==== DELIMITER in a string
INSERT INTO t (v) VALUES ('
DELIMITER //
'); INSERT INTO t (v) VALUES ('after');
==== adjacent strings
INSERT INTO t (v) VALUES ('a' 'b;' "c"), ('d'
';e');
==== introducers and other literals
INSERT INTO t (v) VALUES (_utf8mb4'a;b'), (X'3B27'), (0x3B), (b'111011'), (N'a;'), (_binary'x;\'y');
==== the marks of drivers and ORMs
INSERT INTO t (v) VALUES ('%s %(name)s %% %'), (':name'), ('?'), ('{x}'), ('$1'), (7 % 4); SELECT 'a' LIKE '%;%';
==== JSON
CREATE TABLE j (d JSON); INSERT INTO j VALUES ('{"a;": "b\\"c;", "d": ["\\u00e9", "it''s", "\\\\"]}');
==== characters of four bytes
INSERT INTO t (v) VALUES ('😀;'), ('é;😀''𝒳'); CREATE TABLE `näme;é` (`ö` INT); INSERT INTO `näme;é` VALUES (1);
==== a string without an end fails
INSERT INTO t (v) VALUES ('before'); INSERT INTO t (v) VALUES ('a; INSERT INTO t (v) VALUES (1);
==== an identifier without an end fails
INSERT INTO t (v) VALUES ('before'); SELECT `a; INSERT INTO t (v) VALUES ('after');
==== without backslash escapes
SET sql_mode = 'NO_BACKSLASH_ESCAPES'; INSERT INTO t (v) VALUES ('C:\'), ("D:\"); INSERT INTO t (v) VALUES ('a;\n');
==== without backslash escapes, and with them again
SET sql_mode = 'NO_BACKSLASH_ESCAPES';
INSERT INTO t (v) VALUES ('\');
SET sql_mode = '';
INSERT INTO t (v) VALUES ('\';');
==== double quotes for identifiers
SET sql_mode = 'ANSI_QUOTES'; CREATE TABLE "a;b" ("c""d" INT); INSERT INTO "a;b" VALUES (1);
