#!/bin/sh
# Turns a minimal Debian tree into a stand-in for python:3.11-slim: CPython below /usr/local, as in the official image.
# Called by mmdebstrap with the tree; reads DOCKYARD_WHEELS (folder), DOCKYARD_CERTIFICATES and DOCKYARD_PIP_CONF.
set -eu
root=$1
unpacked=$(mktemp -d)
packages=/tmp/dockyard-packages
# The tree's own apt fetches them, so that signatures are checked; they are unpacked, not installed.
chroot "$root" sh -c "mkdir -p $packages && cd $packages && apt-get -q -o APT::Sandbox::User=root download python3.11 \
  python3.11-minimal libpython3.11-stdlib libpython3.11-minimal python3.11-venv python3-pip-whl python3-setuptools-whl \
  python3-distutils python3-lib2to3"
for package in "$root$packages"/*.deb; do dpkg-deb -x "$package" "$unpacked"; done
rm -rf "$root$packages"

lib=$root/usr/local/lib/python3.11
mkdir -p "$lib" "$root/usr/share/python-wheels"
cp -a "$unpacked/usr/lib/python3.11/." "$lib/"
cp -a "$unpacked/usr/share/python-wheels/." "$root/usr/share/python-wheels/"
mv "$unpacked/usr/bin/python3.11" "$root/usr/local/bin/python3.11"
rm -rf "$unpacked"
rm -f "$lib/EXTERNALLY-MANAGED" "$lib/sitecustomize.py" "$lib/_distutils_system_mod.py"
# Debian's install layout becomes the ordinary one.
sed -i "s/'DEB_PYTHON_INSTALL_LAYOUT', 'posix_local'/'DEB_PYTHON_INSTALL_LAYOUT', 'posix_prefix'/
s/prefix_scheme = 'posix_local'/prefix_scheme = 'posix_prefix'/" "$lib/sysconfig.py"
# The site module is frozen into Debian's interpreter and reads dist-packages; a .pth file leads it on.
mkdir -p "$lib/site-packages" "$lib/dist-packages"
echo "import site; site.addsitedir('/usr/local/lib/python3.11/site-packages')" > "$lib/dist-packages/_official_layout.pth"
ln -sf python3.11 "$root/usr/local/bin/python3"
ln -sf python3.11 "$root/usr/local/bin/python"

wheels=/tmp/dockyard-wheels
mkdir -p "$root$wheels"
if ls "$DOCKYARD_WHEELS"/pip-*.whl > /dev/null 2>&1; then
  cp "$DOCKYARD_WHEELS"/*.whl "$root$wheels/"
else
  cp "$root"/usr/share/python-wheels/*.whl "$root$wheels/"
fi
chroot "$root" env -i PATH=/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8 sh -eu -c "
  names='pip setuptools'; ls $wheels/wheel-*.whl > /dev/null 2>&1 && names=\"\$names wheel\"
  pip=\$(ls $wheels/pip-*.whl)
  python3 \$pip/pip install -q --no-compile --no-cache-dir --root-user-action=ignore --no-index --find-links $wheels \$names"
rm -rf "$root$wheels"
# The host's certificates, so that pip in a build trusts what the host trusts; pip has a store of its own otherwise.
if [ -s "$DOCKYARD_CERTIFICATES" ]; then
  cat "$DOCKYARD_CERTIFICATES" > "$root/etc/ssl/certs/ca-certificates.crt"
fi
cat "$DOCKYARD_PIP_CONF" > "$root/etc/pip.conf"
# apt keeps as little as it does in the official image: compressed lists, no packages after they are installed.
clean='rm -f /var/cache/apt/archives/*.deb /var/cache/apt/archives/partial/*.deb /var/cache/apt/*.bin || true'
cat > "$root/etc/apt/apt.conf.d/docker-clean" <<EOF
DPkg::Post-Invoke { "$clean"; };
APT::Update::Post-Invoke { "$clean"; };
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
Acquire::GzipIndexes "true";
Acquire::CompressionTypes::Order:: "gz";
Apt::AutoRemove::SuggestsImportant "false";
EOF
echo "DOCKYARD_PYTHON_VERSION=$(chroot "$root" /usr/local/bin/python3 -c 'import platform; print(platform.python_version())')"
find "$root/usr/local" -name __pycache__ -prune -exec rm -rf {} +
rm -rf "$root"/var/cache/apt/*.bin "$root"/var/log/*.log "$root"/var/log/apt "$root"/var/cache/debconf/*-old \
  "$root"/var/lib/dpkg/*-old "$root"/var/lib/apt/lists/*
ldconfig -r "$root"
