"""How a raster layer's renderer shows its values, in the engine's terms. Main thread only."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import List, Optional, Tuple

from qgis.core import (
    Qgis,
    QgsColorRampShader,
    QgsContrastEnhancement,
    QgsHueSaturationFilter,
    QgsMultiBandColorRenderer,
    QgsPalettedRasterRenderer,
    QgsRaster,
    QgsRasterLayer,
    QgsRasterRenderer,
    QgsSingleBandGrayRenderer,
    QgsSingleBandPseudoColorRenderer,
)
from qgis.PyQt.QtGui import QColor

from .zoomearth.core.look import Between, ColourTable, Entry, Look, Span

_BRIGHTEST = 255


def layer_look(layer: QgsRasterLayer) -> Optional[Tuple[Tuple[int, ...], Look]]:
    """The bands that a layer shows, numbered from 1, and how.

    Returns:
        None where only QGIS itself can show it so: shaded relief, contours, changed hues, values that
        somebody made transparent.
    """
    renderer = layer.renderer()
    if renderer is None:
        return (), Look()
    if _is_touched_up(layer, renderer):
        return None
    tones = _tones(layer)
    if isinstance(renderer, QgsMultiBandColorRenderer):
        shown = _colour_look(layer, renderer, tones)
    elif isinstance(renderer, QgsSingleBandGrayRenderer):
        shown = _grey_look(layer, renderer, tones)
    else:
        table = _table(renderer)
        shown = (tuple(renderer.usesBands()[:1]), Look(table=table, tones=tones)) if table else None
    if shown is None or renderer.alphaBand() > 0:
        return shown
    return shown[0], replace(shown[1], ignores_alpha=True)


def _is_touched_up(layer: QgsRasterLayer, renderer: QgsRasterRenderer) -> bool:
    """Whether more is done to the pixels than the engine knows of."""
    hues = layer.hueSaturationFilter()
    if hues is not None:
        is_inverted = hasattr(hues, "invertColors") and hues.invertColors()
        is_grey = hues.grayscaleMode() != QgsHueSaturationFilter.GrayscaleMode.GrayscaleOff
        if hues.saturation() != 0 or is_grey or hues.colorizeOn() or is_inverted:
            return True
    clear = renderer.rasterTransparency()
    if clear is not None and (
        clear.transparentSingleValuePixelList() or clear.transparentThreeValuePixelList()
    ):
        return True
    if any(_is_turned(one) for one in _enhancements(renderer)):
        return True
    provider = layer.dataProvider()
    bands = range(1, layer.bandCount() + 1)
    if renderer.alphaBand() > 0 and renderer.alphaBand() not in _alpha_bands(layer):
        return True
    if not any(band > 0 for band in renderer.usesBands()):
        return True
    return any(
        provider.userNoDataValues(band)
        or (provider.sourceHasNoDataValue(band) and not provider.useSourceNoDataValue(band))
        for band in bands
    )


def _enhancements(renderer: QgsRasterRenderer) -> List[Optional[QgsContrastEnhancement]]:
    if isinstance(renderer, QgsMultiBandColorRenderer):
        return [
            renderer.redContrastEnhancement(),
            renderer.greenContrastEnhancement(),
            renderer.blueContrastEnhancement(),
        ]
    return [renderer.contrastEnhancement()] if isinstance(renderer, QgsSingleBandGrayRenderer) else []


def _is_turned(enhancement: Optional[QgsContrastEnhancement]) -> bool:
    """Whether its minimum lies above its maximum, which QGIS shows in a way of its own."""
    return enhancement is not None and enhancement.minimumValue() > enhancement.maximumValue()


def _alpha_bands(layer: QgsRasterLayer) -> List[int]:
    """Those that the file calls so; a renderer that uses none of them shows all pixels."""
    provider = layer.dataProvider()
    bands = range(1, layer.bandCount() + 1)
    return [band for band in bands if provider.colorInterpretation(band) == _alpha_band()]


def _alpha_band():
    if hasattr(Qgis, "RasterColorInterpretation"):  # QGIS 3.30
        return Qgis.RasterColorInterpretation.AlphaBand
    return QgsRaster.ColorInterpretation.AlphaBand


def _colour_look(
    layer: QgsRasterLayer, renderer: QgsMultiBandColorRenderer, tones: Tuple[int, ...]
) -> Optional[Tuple[Tuple[int, ...], Look]]:
    """None where values are hidden: QGIS holds the red value against all three ranges."""
    channels = [
        (renderer.redBand(), renderer.redContrastEnhancement()),
        (renderer.greenBand(), renderer.greenContrastEnhancement()),
        (renderer.blueBand(), renderer.blueContrastEnhancement()),
    ]
    used = [channel for channel in channels if channel[0] > 0]
    if not used:
        return (), Look(tones=tones)
    # A channel that shows no band repeats the first that does, as three are needed.
    shown = [channel if channel[0] > 0 else used[0] for channel in channels]
    spans = [_span(layer.dataProvider().dataType(band), enhancement) for band, enhancement in shown]
    if any(limit is not None for _, limit in spans):
        return None
    ranges = tuple(span for span, _ in spans if span is not None)
    return tuple(band for band, _ in shown), Look(ranges if len(ranges) == len(shown) else (), tones=tones)


def _grey_look(
    layer: QgsRasterLayer, renderer: QgsSingleBandGrayRenderer, tones: Tuple[int, ...]
) -> Tuple[Tuple[int, ...], Look]:
    band = renderer.usesBands()[0]
    span, limit = _span(layer.dataProvider().dataType(band), renderer.contrastEnhancement())
    if renderer.gradient() == QgsSingleBandGrayRenderer.Gradient.WhiteToBlack:
        straight = tones or tuple(range(_BRIGHTEST + 1))
        tones = tuple(straight[_BRIGHTEST - brightness] for brightness in range(_BRIGHTEST + 1))
    return (band,), Look(() if span is None else (span,), limit, None, tones)


def _span(
    kind: Qgis.DataType, enhancement: Optional[QgsContrastEnhancement]
) -> Tuple[Optional[Span], Optional[Span]]:
    """What becomes black and white, and beyond what nothing is shown.

    Without enhancement QGIS spreads all that the type could hold, which of more than bytes shows nothing but
    black: then the engine finds a range of its own.
    """
    plain = (0.0, float(_BRIGHTEST)) if kind == Qgis.DataType.Byte else None
    if enhancement is None:
        return plain, None
    span = (enhancement.minimumValue(), enhancement.maximumValue())
    if not all(map(math.isfinite, span)) or span[0] == span[1]:
        return plain, None
    algorithm = enhancement.contrastEnhancementAlgorithm()
    if algorithm == QgsContrastEnhancement.ContrastEnhancementAlgorithm.StretchToMinimumMaximum:
        return span, None
    if algorithm == QgsContrastEnhancement.ContrastEnhancementAlgorithm.StretchAndClipToMinimumMaximum:
        return span, span
    if algorithm == QgsContrastEnhancement.ContrastEnhancementAlgorithm.ClipToMinimumMaximum:
        return plain, span
    return plain, None


def _tones(layer: QgsRasterLayer) -> Tuple[int, ...]:
    """What brightness, contrast and gamma of the layer make of each brightness; empty for no change.

    Contrast turns about the middle, by the square of its share; then brightness is added; gamma comes last.
    """
    tuning = layer.brightnessFilter()
    if tuning is None or (tuning.brightness(), tuning.contrast(), tuning.gamma()) == (0, 0, 1.0):
        return ()
    factor = ((tuning.contrast() + 100) / 100) ** 2
    tones = []
    for tone in range(_BRIGHTEST + 1):
        turned = ((tone / _BRIGHTEST - 0.5) * factor + 0.5) * _BRIGHTEST + tuning.brightness()
        share = min(max(turned, 0.0), float(_BRIGHTEST)) / _BRIGHTEST
        tones.append(int(_BRIGHTEST * share ** (1 / tuning.gamma())))
    return tuple(tones)


def _table(renderer: QgsRasterRenderer) -> Optional[ColourTable]:
    if isinstance(renderer, QgsPalettedRasterRenderer):
        entries = sorted({item.value: _entry(item.value, item.color) for item in renderer.classes()}.values())
        return ColourTable(tuple(entries), Between.NOTHING) if entries else None
    if not isinstance(renderer, QgsSingleBandPseudoColorRenderer) or renderer.shader() is None:
        return None
    ramp = renderer.shader().rasterShaderFunction()
    if not isinstance(ramp, QgsColorRampShader) or not ramp.colorRampItemList():
        return None
    entries = sorted(
        (_entry(item.value, item.color) for item in ramp.colorRampItemList()), key=lambda entry: entry[0]
    )
    if not all(math.isfinite(entry[0]) for entry in entries[:-1]):
        return None
    return ColourTable(tuple(entries), _between()[ramp.colorRampType()], ramp.clip())


def _between():
    """By kind of ramp."""
    if hasattr(Qgis, "ShaderInterpolationMethod"):  # QGIS 3.38
        return {
            Qgis.ShaderInterpolationMethod.Linear: Between.BLEND,
            Qgis.ShaderInterpolationMethod.Discrete: Between.NEXT,
            Qgis.ShaderInterpolationMethod.Exact: Between.NOTHING,
        }
    return {
        QgsColorRampShader.Type.Interpolated: Between.BLEND,
        QgsColorRampShader.Type.Discrete: Between.NEXT,
        QgsColorRampShader.Type.Exact: Between.NOTHING,
    }


def _entry(value: float, colour: QColor) -> Entry:
    return float(value), colour.red(), colour.green(), colour.blue(), colour.alpha()


__all__ = ["layer_look"]
