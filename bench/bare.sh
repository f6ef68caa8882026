#!/usr/bin/env bash
# What `waybill ship` does for one environment, as a careful script of bare commands, in the source's checkout:
# bare.sh SERVICE IMAGE REGISTRY GITOPS ENVIRONMENT, with REGISTRY as host/path. The same checks, the same bytes, the same
# proposal; no messages, no retry, no other chart than the one that is measured.
set -euo pipefail
service=$1 image=$2 registry=$3 gitops=$4 environment=$5
export TZ=UTC LC_ALL=C GIT_TERMINAL_PROMPT=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/tree" "$work/out" "$work/previous"

# bump: the image is there, the version is free in git and in the registry, the commit is no older than the newest release
crane config --insecure "$image" > /dev/null
head=$(git rev-parse HEAD)
source=$(git config --get remote.origin.url)
seconds=$(git show -s --format=%ct HEAD)
git ls-remote --tags origin "$service-*" > "$work/tags"
git fetch --quiet --no-tags --no-write-fetch-head origin "refs/tags/$service-*:refs/bare/*"
crane ls --insecure "$registry/$service" > "$work/published" || grep -q . "$work/tags"
highest=$(sed "s|.*refs/tags/$service-||" "$work/tags" | sort -V "$work/published" - | tail -n 1)
if [ -n "$highest" ]; then
  released=$(git rev-parse "refs/bare/$highest^")
  git show "refs/bare/$highest:chart/values.yaml" | grep -qF "${image#*@}" && exit 1
  [ "$released" = "$head" ] || { git merge-base --is-ancestor "$head" "$released" && exit 1; }
  version=${highest%.*}.$((${highest##*.} + 1))
else
  version=$(git show HEAD:chart/Chart.yaml | sed -n 's/^version: //p')
fi
tag=$service-$version
git show HEAD:chart/values.yaml |
  sed "s|\(  repository: \)[^ ]*|\1${image%@*}|; s|\(  digest: \).*|\1\"${image#*@}\"|" > "$work/values.yaml"
git show HEAD:chart/Chart.yaml | sed "s|^version: .*|version: $version|; s|^appVersion: .*|appVersion: \"${head:0:12}\"|" > "$work/Chart.yaml"
printf 'annotations:\n  org.opencontainers.image.source: %s\n  org.opencontainers.image.revision: %s\n' "$source" "$head" >> "$work/Chart.yaml"
export GIT_INDEX_FILE="$work/index" GIT_AUTHOR_DATE="@$seconds +0000" GIT_COMMITTER_DATE="@$seconds +0000"
export GIT_AUTHOR_NAME=bare GIT_AUTHOR_EMAIL=bare@example.org GIT_COMMITTER_NAME=bare GIT_COMMITTER_EMAIL=bare@example.org
git read-tree HEAD
for name in values.yaml Chart.yaml; do
  git update-index --cacheinfo "100644,$(git hash-object -w "$work/$name"),chart/$name"
done
commit=$(git commit-tree -p HEAD -m "$service $version" "$(git write-tree)")
unset GIT_INDEX_FILE

# package: of the commit, the same bytes everywhere; a container runs the image
git archive "$commit" chart | tar -x -C "$work/tree"
helm version --template '{{.Version}}' | grep -q '^v4'
helm lint --quiet "$work/tree/chart"
SOURCE_DATE_EPOCH=$seconds helm package "$work/tree/chart" --destination "$work/out" > /dev/null
archive=$work/out/$tag.tgz
helm template "$service" "$archive" --namespace apps > "$work/rendered"
grep -q "image: .*@${image#*@}" "$work/rendered"

# publish: the tag reserves the version; nothing is overwritten
git push --quiet --force-with-lease="refs/tags/$tag:" origin "$commit:refs/tags/$tag"
crane manifest --insecure "$registry/$service:$version" > /dev/null 2> "$work/absent" && exit 1
grep -q 'NAME_UNKNOWN\|MANIFEST_UNKNOWN' "$work/absent"
touch -d "@$seconds" "$archive"
helm push "$archive" "oci://$registry" --plain-http > /dev/null 2>&1
crane digest --insecure "$registry/$service:$version" > /dev/null

# render and propose: on top of the base, over what this service proposed before; the body shows what changes in the cluster
branch=apps/$service
git clone --quiet --no-checkout "$gitops" "$work/gitops"
cd "$work/gitops"
base=$(git rev-parse HEAD)
before=$(git ls-remote origin "refs/heads/$branch" | cut -f 1)
if [ -n "$before" ]; then
  git merge-base --is-ancestor "$before" HEAD || git merge-tree --write-tree HEAD "$before" > /dev/null
  [ "$(git log --format=%ce "HEAD..$before" | sort -u)" = bare@example.org ]
fi
git checkout --quiet "$base"
cp -r "$work/gitops/apps/$service" "$work/previous/apps"
release=apps/$service/$environment/release.yaml
sed -i "s|\(version: \).*|\1\"$version\"|; s|\(/release: \).*|\1\"$version\"|; s|\(/image: \).*|\1\"$image\"|; s|\(/commit: \).*|\1\"$head\"|" "$release"
git commit --quiet --all --message "$service $version to $environment"
git diff "$base" HEAD > "$work/patch"
for side in previous/apps gitops/apps/$service; do
  kustomize build "$work/$side/$environment" > "$work/release"
  if [ "$side" = previous/apps ]; then
    helm pull "oci://$registry/$service" --version "$(sed -n 's/^ *version: //p' "$work/release" | tr -d '"')" --destination "$work/previous" --plain-http > /dev/null 2>&1
    helm template "$service" "$work"/previous/*.tgz --namespace apps > "$work/before"
  else
    helm template "$service" "$archive" --namespace apps > "$work/after"
  fi
done
diff -u "$work/before" "$work/after" > "$work/body" && exit 1
git push --quiet --force-with-lease="refs/heads/$branch:$before" origin "HEAD:refs/heads/$branch"
[ "$(git ls-remote origin "refs/heads/$branch" | cut -f 1)" = "$(git rev-parse HEAD)" ]
mkdir -p "$gitops/proposals"
cp "$work/body" "$gitops/proposals/1.md"
