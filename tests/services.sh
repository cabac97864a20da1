#!/bin/sh
# What the tests want beside Python. Found: said. Missing: installed where CI=true, else said with the command for it.
set -eu

cd "$(dirname "$0")"
cache="${HOSPITAL_TEST_CACHE:-$HOME/.cache/hospital}"

install() {
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" >/dev/null
}

found() {
  for program in "$@"; do command -v "$program" >/dev/null 2>&1 || return 1; done
}

fetch_kafka() {
  command -v java >/dev/null 2>&1 && command -v mvn >/dev/null 2>&1 || install default-jre-headless maven
  mkdir -p "$cache/kafka"
  mvn -q -B -f services/kafka-pom.xml dependency:copy-dependencies -DincludeScope=runtime \
    -DoutputDirectory="$cache/kafka/fetched" >"$cache/kafka/mvn.log" 2>&1
  mv "$cache/kafka/fetched" "$cache/kafka/lib"
}

keep_for_brokers() {  # a Java that cannot keep classes starts each broker as it is
  [ -e "$cache/kafka/beginning" -a -e "$cache/kafka/classes.jsa" ] || (cd .. && .venv/bin/python -m tests.services.kafka >/dev/null 2>&1) || true
}

if command -v chromium >/dev/null 2>&1; then
  echo "Chromium: $(command -v chromium)"
elif [ "${CI:-}" = true ]; then
  install chromium
  echo "Chromium: installed"
else
  echo "Chromium: MISSING. The tests of pages are skipped (apt-get install chromium)."
fi

may_install() {
  [ "${CI:-}" = true ] || { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; }
}

if [ -n "${HOSPITAL_TEST_MYSQL_URL:-}" ]; then
  echo "MariaDB: at HOSPITAL_TEST_MYSQL_URL"
elif PATH="$PATH:/usr/sbin" found mariadbd mariadb-install-db mariadb-dump; then
  echo "MariaDB: $(PATH="$PATH:/usr/sbin" command -v mariadbd)"
elif may_install; then
  install mariadb-server-core mariadb-client-core mariadb-client  # no service: tests start their own
  echo "MariaDB: installed"
else
  echo "MariaDB: MISSING. The tests over it are skipped (apt-get install mariadb-server, or name one with"
  echo "         HOSPITAL_TEST_MYSQL_URL=mysql+asyncmy://root:password@host:3306/)."
fi

if [ -n "${HOSPITAL_TEST_KAFKA:-}" ]; then
  echo "Kafka: at $HOSPITAL_TEST_KAFKA"
elif command -v java >/dev/null 2>&1 && [ -d "$cache/kafka/lib" ]; then
  keep_for_brokers
  echo "Kafka: $cache/kafka/lib"
elif [ "${CI:-}" = true ]; then
  fetch_kafka
  keep_for_brokers
  echo "Kafka: fetched into $cache/kafka/lib"
else
  echo "Kafka: MISSING. The tests over a broker are skipped (name one with HOSPITAL_TEST_KAFKA=host:port, or have"
  echo "       Java and Maven and run CI=true make services)."
fi
