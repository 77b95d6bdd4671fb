<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="en" sourcelanguage="en">
    <context>
        <name>AnswerLayer</name>
        <message>
            <source>This file is open in the project; choose another name.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Ask a question first.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>{title}, not saved</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>ZoomEarth answers</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>ZoomEarth answers (no CRS)</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>ZoomEarth answers ({crs})</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Region</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Searched area</source>
            <translation type="unfinished"></translation>
        </message>
    </context>
    <context>
        <name>AskTask</name>
        <message>
            <source>ZoomEarth: {question}</source>
            <translation type="unfinished"></translation>
        </message>
    </context>
    <context>
        <name>Environment</name>
        <message>
            <source>Install Python 3.10 or newer with its venv module (on Debian and Ubuntu: apt install python3-venv), then try again.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Making a Python environment…</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Installing packages…</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The engine is ready.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The engine needs 3 GB of disk space; free some, then try again.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The engine is in use: wait for the answer, then try again.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The disk is full; free some space, then try again.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Setting up the engine failed: {said}</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The engine's Python in the settings does not exist: choose another one.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Install the ZoomEarth plugin again: some of its files are missing.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>ZoomEarth: checking the engine</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>ZoomEarth: setting up the engine</source>
            <translation type="unfinished"></translation>
        </message>
    </context>
    <context>
        <name>Plugin</name>
        <message>
            <source>ZoomEarth</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Ask a question about a raster</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The project was closed, so its question was cancelled.</source>
            <translation type="unfinished"></translation>
        </message>
    </context>
    <context>
        <name>Settings</name>
        <message>
            <source>Model</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Name of an installed model, a model folder, or a hub name.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Engine's Python</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The Python interpreter that runs the model, apart from QGIS's own. Empty: found automatically.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>View side (pixels)</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Longer side of each picture that the model is shown. 0: the model's own. Larger shows more detail and needs more time and memory.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Zooms at most</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>How many times the model may zoom in. 0: it answers from the overview.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Cache folder</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Where overviews of rasters are kept. Empty: the system's cache folder.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Package index</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Address of the Python package index for setting up the engine, such as a mirror inside your organisation. Empty: pip's own.</source>
            <translation type="unfinished"></translation>
        </message>
    </context>
    <context>
        <name>Sources</name>
        <message>
            <source>Add a raster to the project and choose it first.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Repair the layer's data source, or choose another layer.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Select features of a vector layer first, and make it the active layer.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Only rasters from files can be asked about: save this layer as a GeoTIFF first (Export, Save As) and choose the file.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Save this protected layer as a file first and choose the file.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Save this temporary layer as a file first and choose the file.</source>
            <translation type="unfinished"></translation>
        </message>
    </context>
    <context>
        <name>Wording</name>
        <message>
            <source>Waiting for the question before this one…</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Starting the engine…</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Loading the model…</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Opening the raster…</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Reading the overview…</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Looking…</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Zooming in…</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Answering…</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Done.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The question is empty or too long.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The raster could not be read.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>There is nothing to see in this area.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>This kind of pixel values is not supported.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The area lies outside the raster.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The model is not installed.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The model does not fit this engine.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The model's files are not safe to load.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The memory was not enough for this question.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The engine is not set up yet.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The engine stopped unexpectedly.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The engine did not reply in time.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The model's server cannot be reached.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The model's server refused the question.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The file could not be written.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The disk is full.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The table of jobs cannot be used.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Type a question of one to 2,000 characters.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Check that the file exists, is complete and is a raster that GDAL can open.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Every pixel of the area is nodata; choose another area or raster.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Convert the raster to integer or real pixel values first.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Choose an area that overlaps the raster.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Choose an installed model in the settings, or fetch this one first.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Choose a model of the Qwen2.5-VL architecture.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Only safetensors weights without remote code are loaded; convert the model first.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Lower the view side in the settings, or choose a smaller model.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Set up the engine's Python environment in the ZoomEarth settings.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Ask again: the engine restarts with the next question.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Check the server's address and that it is running.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Check the server's model name, limits and credentials.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Choose a folder that you may write to.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Free some disk space, then try again.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Correct the named rows and try again.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Something went wrong.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>See the ZoomEarth tab of the message log for details.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The model wrote no answer; see its reasoning.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The raster names no coordinate reference system; the place is in its own frame.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The memory was short, so the model was shown pictures of half the size.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The area was shown in full detail already; zooming added none.</source>
            <translation type="unfinished"></translation>
        </message>
    </context>
</TS>
