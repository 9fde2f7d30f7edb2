#!/usr/bin/env bash
# Installs the Debian packages that some tests need, when it may; says loudly which tests will be skipped when not.
set -u
packages=(chromium mosquitto postgresql python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base
    gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly)
missing=()
for package in "${packages[@]}"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q '^install ok' || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "Installing for the tests: ${missing[*]}"
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
            "${missing[@]}" >/dev/null || echo "!! could not install all of: ${missing[*]}"
    else
        echo "!! NOT INSTALLED (needs root): ${missing[*]}"
        echo "!! The browser, broker, database and RTSP tests that need them WILL BE SKIPPED."
    fi
fi
.venv/bin/python -m dashboard.fetch_footage || echo "!! The tests on the real video WILL BE SKIPPED."
