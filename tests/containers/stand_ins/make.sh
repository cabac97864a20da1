#!/bin/bash
# Images that stand in for public ones where none can be pulled: the same programs, taken from Debian and Maven,
# under the same names, heeding those of the documented variables that docker-compose.yml sets.
# `make.sh IMAGE…`; needs root and debootstrap.
set -euo pipefail

cd "$(dirname "$0")"
python=$(sed -n 's/^ARG PYTHON=//p' ../../../Dockerfile)
bundle=/etc/ssl/certs/ca-certificates.crt
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

imported() { # NAME SUITE PACKAGES [CHANGE…]
  local name=$1 suite=$2 packages=$3
  shift 3
  debootstrap --variant=minbase --include="$packages" "$suite" "$folder/$suite" >"$folder/log" 2>&1 || {
    tail -20 "$folder/log" >&2
    return 1
  }
  install -D -m 644 "$bundle" "$folder/$suite$bundle"
  tar -C "$folder/$suite" -c . | docker import --change "LABEL stand-in=yes" "$@" - "$name" >/dev/null
  rm -rf "${folder:?}/$suite"
}

built() { # NAME [FILE…], and a Dockerfile on standard input
  local name=$1
  shift
  rm -rf "$folder/context"
  mkdir "$folder/context"
  [ $# = 0 ] || cp -r "$@" "$folder/context"
  docker build --quiet --network host --tag "$name" --file - "$folder/context" >/dev/null
}

has() { docker image inspect "$1" >/dev/null 2>&1; }

python_image() {
  local changes=() variable
  for variable in SSL_CERT_FILE PIP_CERT REQUESTS_CA_BUNDLE NODE_EXTRA_CA_CERTS; do
    changes+=(--change "ENV $variable=$bundle")
  done
  imported "$python" bookworm ca-certificates,python3,python3-pip,python3-venv,python-is-python3 "${changes[@]}"
}

mysql_image() {
  has stand-in-sid || imported stand-in-sid sid mysql-server-core,mysql-client-core
  built "$1" mysql.sh <<'DOCKERFILE'
FROM stand-in-sid
RUN useradd --uid 999 --no-create-home mysql && install -d -o mysql -m 1777 /var/lib/mysql /var/run/mysqld
COPY mysql.sh /entrypoint
ENTRYPOINT ["/entrypoint"]
DOCKERFILE
}

kafka_image() {
  built "$1" "${HOSPITAL_TEST_CACHE:-$HOME/.cache/hospital}/kafka/lib" kafka.sh <<DOCKERFILE
FROM $python
RUN apt-get update -qq && apt-get install -qq -y --no-install-recommends openjdk-17-jre-headless >/dev/null
RUN useradd --uid 1000 --no-create-home appuser && install -d -o appuser /var/lib/kafka/data
COPY lib /opt/kafka/libs
COPY kafka.sh /entrypoint
USER appuser
ENTRYPOINT ["/entrypoint"]
DOCKERFILE
}

haproxy_image() {
  built "$1" <<DOCKERFILE
FROM $python
RUN apt-get update -qq && apt-get install -qq -y --no-install-recommends haproxy wget >/dev/null
USER haproxy
STOPSIGNAL SIGUSR1
CMD ["haproxy", "-W", "-db", "-f", "/usr/local/etc/haproxy/haproxy.cfg"]
DOCKERFILE
}

mailpit_image() {
  built "$1" mailpit.py <<DOCKERFILE
FROM $python
RUN python -m venv /catcher && /catcher/bin/pip install --quiet aiohttp aiosmtpd
COPY mailpit.py /mailpit
ENTRYPOINT ["/mailpit"]
DOCKERFILE
}

for image in "$@"; do
  case $image in
    python:*) python_image ;;
    mysql:* | apache/kafka:* | haproxy:* | axllent/mailpit:*)
      has "$python" || python_image
      name=${image##*/}
      "${name%%:*}_image" "$image"
      ;;
    *) echo "Nothing stands in for $image." >&2 && exit 1 ;;
  esac
  echo "$image: a stand-in"
done
