#!/bin/bash
# Apache Kafka as its image starts it: KAFKA_LOG_DIRS is log.dirs, `__` is an underscore and `___` a hyphen.
set -euo pipefail

settings=/tmp/server.properties
java=(java ${KAFKA_HEAP_OPTS:-} -cp "/opt/kafka/libs/*")

env | grep '^KAFKA_' | grep -v '^KAFKA_HEAP_OPTS=' | while IFS='=' read -r name value; do
  name=${name#KAFKA_}
  name=${name//___/-}
  name=${name//__/+}
  name=${name//_/.}
  name=${name//+/_}
  echo "${name,,}=$value"
done >"$settings"

"${java[@]}" kafka.tools.StorageTool format --ignore-formatted -t "${CLUSTER_ID:-5L6g3nShT-eMCtK--X86sw}" -c "$settings"
exec "${java[@]}" kafka.Kafka "$settings"
