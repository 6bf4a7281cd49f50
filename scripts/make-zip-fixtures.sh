#!/bin/sh
# Makes the archives of test/fixtures/zip/ anew, one small tree with as many zip writers as a Debian machine has, and
# what Python's zipfile says of each. The results are committed: this runs only when a writer or the tree changes.
#   apt-get install zip 7zip libarchive-tools golang-go libarchive-zip-perl minizip default-jdk-headless git python3
#   sh scripts/make-zip-fixtures.sh
set -eu
export TZ=UTC LC_ALL=C.UTF-8
here=$(cd "$(dirname "$0")" && pwd)
pieces=$here/zip-fixtures
out=$here/../test/fixtures/zip
mkdir -p "$out"
out=$(cd "$out" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tree=$work/tree

mkdir -p "$tree/environment/data" "$tree/notes"
cd "$tree"
cat > task.yaml <<'EOF'
name: fixture
description: One small tree that every zip writer packs.
EOF
{
  echo "# Fixture"
  for line in 1 2 3 4 5 6 7 8; do echo "Line $line repeats itself, so that deflate has something to do."; done
} > README.md
printf '#!/bin/sh\necho solved\n' > solution.sh
printf 'FROM debian:12\nRUN true\n' > environment/Dockerfile
: > environment/data/empty.txt
printf 'Hello in another language.\n' > 'notes/grüße 日本.txt'
chmod 755 solution.sh
chmod 644 task.yaml README.md environment/Dockerfile environment/data/empty.txt notes/*
find . -exec touch -d '2026-01-02T03:04:06Z' {} +
paths=$work/paths
find . -mindepth 1 | sed 's,^\./,,' | sort > "$paths"
find . -type f | sed 's,^\./,,' | sort > "$work/files"

rm -f "$out"/*.zip
zip -q -r "$out/infozip.zip" .
echo "A comment for the whole archive" | zip -q -z -r "$work/commented.zip" . && cp "$work/commented.zip" "$out/infozip-comment.zip"
zip -q -r - . | cat > "$out/infozip-streamed.zip"
zip -q -fz -r "$out/infozip-zip64.zip" .
7zz a -bso0 -tzip "$out/7zip.zip" . > /dev/null
python3 "$pieces/write_python.py" seekable "$out/python.zip" < "$paths"
python3 "$pieces/write_python.py" streamed < "$paths" | cat > "$out/python-streamed-zip64.zip"
jar --create --file "$out/java-jar.zip" --date 2026-01-02T03:04:06Z -C "$tree" .
jar --create --no-manifest --file "$out/java-jar-no-manifest.zip" --date 2026-01-02T03:04:06Z -C "$tree" .
bsdtar --format zip -cf "$out/bsdtar.zip" -n -T "$paths"
bsdtar --format zip --options zip:zip64 -cf "$out/bsdtar-zip64.zip" -n -T "$paths"
(
  cp -r "$tree" "$work/repository"
  cd "$work/repository"
  export GIT_AUTHOR_DATE=2026-01-02T03:04:06Z GIT_COMMITTER_DATE=2026-01-02T03:04:06Z
  git init -q -b main
  git add .
  git -c user.name=fixture -c user.email=fixture@example.org commit -q -m fixture
  git archive --format=zip -o "$out/git-archive.zip" HEAD
  git archive --format=zip --prefix=repository-main/ -o "$out/git-archive-prefix.zip" HEAD
)
go run "$pieces/write-go.go" "$out/go.zip" < "$paths"
perl "$pieces/write-perl.pl" "$out/perl.zip" < "$paths"
xargs -d '\n' minizip -o -6 "$out/minizip.zip" < "$work/files" > /dev/null
node "$pieces/write-javascript.ts" "$tree" "$out"
node "$pieces/imitate.ts" "$tree" "$out"
cd "$out"
python3 "$pieces/list_python.py" *.zip > listings.json
