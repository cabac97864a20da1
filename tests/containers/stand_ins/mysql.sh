#!/bin/bash
# MySQL as its image starts it: made on an empty volume with MYSQL_ROOT_PASSWORD, at first without the network.
set -euo pipefail

data=/var/lib/mysql socket=/var/run/mysqld/mysqld.sock
serve=(mysqld --datadir="$data" --socket="$socket" --pid-file=/var/run/mysqld/mysqld.pid --secure-file-priv=NULL)

quoted() { printf "'%s'" "${1//\'/\'\'}"; }

if [ ! -d "$data/mysql" ]; then
  "${serve[@]}" --initialize-insecure
  "${serve[@]}" --skip-networking --mysqlx=OFF &
  until mysqladmin --socket="$socket" --user=root --silent ping; do sleep 0.2; done
  password=$(quoted "$MYSQL_ROOT_PASSWORD")
  mysql --socket="$socket" --user=root <<SQL
CREATE USER 'root'@'%' IDENTIFIED BY $password;
GRANT ALL ON *.* TO 'root'@'%' WITH GRANT OPTION;
ALTER USER 'root'@'localhost' IDENTIFIED BY $password;
SQL
  MYSQL_PWD=$MYSQL_ROOT_PASSWORD mysqladmin --socket="$socket" --user=root shutdown
  wait
fi
exec "${serve[@]}" "$@"
