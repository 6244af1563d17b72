#!/bin/sh
# Starts PostgreSQL as the official image does: the first start makes the cluster, its user and its database.
set -eu
if [ "$(id -u)" = 0 ]; then
  mkdir -p "$PGDATA" /run/postgresql
  chown -R postgres "$PGDATA" /run/postgresql
  exec gosu postgres "$0" "$@"
fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  password=$(mktemp)
  printf '%s' "${POSTGRES_PASSWORD:?}" > "$password"
  initdb --username="${POSTGRES_USER:-postgres}" --pwfile="$password" --auth-host=scram-sha-256 --auth-local=trust > /dev/null
  rm "$password"
  echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
  pg_ctl -w -o "-c listen_addresses=''" start > /dev/null
  database=${POSTGRES_DB:-${POSTGRES_USER:-postgres}}
  [ "$database" = postgres ] || createdb --username="${POSTGRES_USER:-postgres}" "$database"
  pg_ctl -m fast -w stop > /dev/null
fi
exec "$@" -c listen_addresses='*'
