"""What algorithms make of what is wrong: mended, told where it is, or refused before anything is asked."""

from __future__ import annotations

import processing_runs
import pytest
from processing_runs import WEST, Listener, asked, new_context, polygons
from qgis.core import QgsFeature, QgsFeatureRequest, QgsGeometry, QgsProcessingException, QgsVectorLayer
from qgis_samples import SQUARE, answer_of

provider, run, half = processing_runs.provider, processing_runs.run, processing_runs.half
ANSWER = "<think>I see.</think><answer>red</answer>"


def bow_tie(*others):
    layer = polygons(others)
    feature = QgsFeature(layer.fields())
    feature.setAttributes(["bow tie"])
    feature.setGeometry(
        QgsGeometry.fromWkt(
            "POLYGON((500000 5597000,502000 5600000,502000 5597000,500000 5600000,500000 5597000))"
        )
    )
    layer.dataProvider().addFeatures([feature])
    assert not feature.geometry().isGeosValid()
    return layer


@pytest.mark.parametrize("name", ["ask", "askfeatures", "askmany"])
def test_invalid_geometries_stop_nothing(provider, qgis_processing, half, script, name):
    """QGIS stops an algorithm at the first one, by default; here they are mended, or not looked at."""
    import processing

    context = new_context()
    context.setInvalidGeometryCheck(QgsFeatureRequest.InvalidGeometryCheck.GeometryAbortOnInvalid)
    shapes, model = bow_tie(WEST), script(ANSWER)
    parameters = {
        "ask": {"INPUT": str(half), "QUESTION": "What?", "MASK": shapes, "MODEL": model},
        "askfeatures": asked(half, shapes, model, ""),
        "askmany": {
            "RASTERS": [str(half)],
            "QUESTION_TABLE": shapes,
            "QUESTION_FIELD": "name",
            "MODEL": model,
        },
    }[name]
    found = processing.run(
        f"zoomearth:{name}", {**parameters, "OUTPUT": "memory:"}, context=context, feedback=Listener()
    )
    answers = [one["answer"] for one in found["OUTPUT"].getFeatures()]
    assert answers == ["red"] * (1 if name == "ask" else 2)


def test_shapefile_tells_what_it_cut(run, half, script, tmp_path):
    feedback = Listener()
    long = f"<answer>{'ä' * 200}</answer>"  # of two bytes each
    run(
        "askfeatures",
        feedback=feedback,
        **asked(half, polygons([WEST] * 2), script(long), tmp_path / "out.shp"),
    )
    (said,) = [line for line in feedback.said if "254 bytes" in line]
    assert "answer (2)" in said and "question" not in said


class TestSaid:
    def test_a_field_that_is_not_there(self, run, half, script, tmp_path):
        """As when a question is typed in double quotes."""
        for question in ('"What is this?"', "'What is ' || \"nosuch\""):
            with pytest.raises(QgsProcessingException, match=r"no field.*single quotes"):
                run(
                    "askfeatures",
                    **asked(half, polygons([WEST]), script(ANSWER), "memory:", QUESTION=question),
                )

    def test_fields_of_other_layers(self, run, half, script, project):
        other = polygons([WEST], names=["tower"])
        other.setName("other")
        project.addMapLayer(other)
        question = "'Higher than ' || aggregate('other', 'max', \"name\") || '?'"
        parameters = asked(half, polygons([WEST]), script(ANSWER), "memory:", QUESTION=question)
        (feature,) = run("askfeatures", **parameters)["OUTPUT"].getFeatures()
        assert feature["question"] == "Higher than tower?"

    def test_why_an_expression_fails(self, run, half, script):
        feedback = Listener()
        question = "to_int(\"name\") || '?'"
        fields = polygons([WEST, WEST], names=["7", "seven"])
        parameters = asked(half, fields, script(ANSWER), "memory:", QUESTION=question)
        found = run("askfeatures", feedback=feedback, **parameters)
        assert (found["ANSWERED"], found["FAILED"]) == (1, 1)
        assert "Cannot convert 'seven' to int" in feedback.errors[0]

    def test_no_geometry(self, run, half, script):
        fields = polygons([WEST])
        fields.dataProvider().addFeatures([QgsFeature(fields.fields())])
        feedback = Listener()
        found = run("askfeatures", feedback=feedback, **asked(half, fields, script(ANSWER), "memory:"))
        assert [(one["error"] or "")[:13] for one in found["OUTPUT"].getFeatures()] == ["", "area_required"]
        assert "no geometry" in feedback.errors[0]
        empty = QgsVectorLayer("Polygon?crs=EPSG:32633", "x", "memory")
        with pytest.raises(QgsProcessingException, match="area_required"):
            run("ask", INPUT=str(half), QUESTION="What?", MASK=empty, MODEL=script(ANSWER), OUTPUT="memory:")

    def test_a_raster_that_is_not_there_is_a_failure_of_its_own(self, run, half, script, tmp_path):
        gone = str(tmp_path / "gone.tif")
        parameters = {
            "QUESTIONS": "What?",
            "MODEL": script(ANSWER),
            "OUTPUT": "memory:",
            "FAILURES": "memory:",
        }
        found = run("askmany", RASTERS=[str(half), gone], **parameters)
        assert (found["ANSWERED"], found["FAILED"]) == (1, 1)
        assert next(found["FAILURES"].getFeatures())["raster"] == gone

    def test_a_relative_one_is_the_same_in_the_next_run(self, run, half, script, tmp_path):
        batch = {"BATCH_FILE": str(tmp_path / "batch.gpkg"), "MODEL": script(ANSWER), "QUESTIONS": "What?"}
        for _ in range(2):
            found = run("askmany", RASTERS=["gone.tif", str(half)], OUTPUT="memory:", **batch)
            assert (found["ANSWERED"], found["FAILED"]) == (1, 1)

    def test_the_project_s_crs_where_it_has_none(self, run, half, script, project):
        values = {"INPUT": str(half), "QUESTION": "What?", "MODEL": script(ANSWER), "CRS": "ProjectCrs"}
        assert run("ask", OUTPUT="memory:", **values)["OUTPUT"].crs().authid() == "EPSG:32633"

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"QUESTIONS": "x" * 50_000}, "50000 characters, more than 2000: xxx"),
            ({"CRS": "EPSG:999999"}, "no CRS EPSG:999999"),
        ],
        ids=["question", "crs"],
    )
    def test_many(self, run, half, script, changes, said):
        parameters = {
            "RASTERS": [str(half)],
            "QUESTIONS": "What?",
            "MODEL": script(ANSWER),
            "OUTPUT": "memory:",
        }
        with pytest.raises(QgsProcessingException, match=said):
            run("askmany", **{**parameters, **changes})

    def test_a_crs_that_is_not_there(self, run, half, script):
        with pytest.raises(QgsProcessingException, match="no CRS EPSG:999999"):
            run(
                "ask",
                INPUT=str(half),
                QUESTION="?",
                MODEL=script(ANSWER),
                CRS="EPSG:999999",
                OUTPUT="memory:",
            )

    def test_a_batch_file_that_is_none(self, run, half, script, tmp_path):
        junk = tmp_path / "junk.gpkg"
        junk.write_text("no database" * 100)
        parameters = {
            "RASTERS": [str(half)],
            "QUESTIONS": "What?",
            "MODEL": script(ANSWER),
            "OUTPUT": "memory:",
        }
        with pytest.raises(QgsProcessingException, match="output_unwritable"):
            run("askmany", BATCH_FILE=str(junk), **parameters)
        assert junk.read_text() == "no database" * 100

    @pytest.mark.parametrize(
        ("text", "said"),
        [('"nosuch" = 1', "no field nosuch"), ("is_selected()", "choose the option"), ("$id > 0", "")],
    )
    def test_filters(self, run, ask, layer, project, tmp_path, text, said):
        project.setCrs(layer.crs())
        ask(layer, answer_of(SQUARE))
        if said:
            with pytest.raises(QgsProcessingException, match=said):
                run("export", FILTER=text, OUTPUT=str(tmp_path / "out.gpkg"))
        else:
            assert run("export", FILTER=text, OUTPUT=str(tmp_path / "out.gpkg"))["COUNT"] == 1
