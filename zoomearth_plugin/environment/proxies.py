"""QGIS's network proxy, as the environment variables that pip and hub clients obey."""

from __future__ import annotations

from typing import Dict
from urllib.parse import quote

from qgis.core import QgsNetworkAccessManager
from qgis.PyQt.QtNetwork import QNetworkProxy


def proxy_environment() -> Dict[str, str]:
    """Main thread only. Empty when QGIS uses no proxy of its own: the system's then counts."""
    manager = QgsNetworkAccessManager.instance()
    proxy = manager.fallbackProxy()
    return variables(proxy, list(manager.excludeList()) + list(manager.noProxyList()))


def variables(proxy: QNetworkProxy, excluded: list) -> Dict[str, str]:
    """The variables for one proxy.

    Args:
        proxy: As set up in QGIS's options.
        excluded: Addresses that need no proxy, as typed there: URLs or host names.
    """
    kinds = {
        QNetworkProxy.ProxyType.HttpProxy: "http",
        QNetworkProxy.ProxyType.HttpCachingProxy: "http",
        QNetworkProxy.ProxyType.Socks5Proxy: "socks5h",
    }
    scheme = kinds.get(proxy.type())
    if scheme is None or not proxy.hostName():
        return {}
    login = ""
    if proxy.user():
        login = f"{quote(proxy.user(), safe='')}:{quote(proxy.password(), safe='')}@"
    port = f":{proxy.port()}" if proxy.port() else ""
    address = f"{scheme}://{login}{proxy.hostName()}{port}"
    hosts = [_host(entry) for entry in excluded if entry]
    made = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), address)
    if hosts:
        made["NO_PROXY"] = made["no_proxy"] = ",".join(dict.fromkeys(hosts))
    return made


def _host(entry: str) -> str:
    return entry.split("://", 1)[-1].split("/", 1)[0].split("@")[-1].split(":", 1)[0]
