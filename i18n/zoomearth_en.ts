<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="en" sourcelanguage="en">
    <context>
        <name>AnswerCard</name>
        <message>
            <source>No answer</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Answer</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The answer is in a temporary layer only: {reason} Export it to keep it.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Regions that the answer was read from</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Click a region to show it on the map</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>unknown: no map scale</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Finest detail</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>In full detail</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Shown</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Searched</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Layer</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Model</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>What the model thought</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Show on map</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Copy</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Copy the answer with its place as text</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Export…</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Write the answer and its place to a GeoPackage</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Region</source>
            <translation type="unfinished"></translation>
        </message>
    </context>
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
        <name>AreaChooser</name>
        <message>
            <source>Area to search</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Whole layer</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>What the map shows</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Drawn rectangle</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Drawn polygon</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Selected features</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Each feature of a layer</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Coordinates</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Draw the area on the map</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Layer whose features are asked about</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>One answer for each feature; only for the selected ones where some are selected</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Coordinates of the area</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>west, south, east, north [EPSG:…]</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>West, south, east, north; in the map's CRS, or in one in brackets behind them</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Draw the area on the map first.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Draw the polygon on the map: click its corners, double-click the last one</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Draw the rectangle on the map</source>
            <translation type="unfinished"></translation>
        </message>
    </context>
    <context>
        <name>Areas</name>
        <message>
            <source>Select features of a vector layer first, and make it the active layer.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Type west, south, east, north: four numbers, and a CRS if it is not the map's.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Choose the layer whose features are to be asked about.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Select some of the features first: at most {count} are asked about at once.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>There is no geometry to search: draw one, or choose another.</source>
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
        <name>Dock</name>
        <message>
            <source>ZoomEarth</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The answer is in {path}</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>This answer has no place on the map, or its layer has been removed.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Export the answer</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>GeoPackage</source>
            <translation type="unfinished"></translation>
        </message>
    </context>
    <context>
        <name>Environment</name>
        <message>
            <source>The engine is being set up: ask again when it is ready.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Install Python 3.10 or newer with its venv module (on Debian and Ubuntu: apt install python3-venv), then try again.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The engine is ready.</source>
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
            <source>The engine is in use: wait for the answer, then try again.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The engine needs {size} GB of disk space; free some, then try again.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The engine is being set up already: wait until that is done, then try again.</source>
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
        <name>Feed</name>
        <message>
            <source>No raster layer yet</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Add a satellite image, an aerial photograph or another raster, then ask.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Add raster layer…</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Ask about what you see</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The model looks at the whole area first, then zooms to the original pixels where it needs to see more. Nothing leaves this computer.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Put this question into the line</source>
            <translation type="unfinished"></translation>
        </message>
    </context>
    <context>
        <name>Hints</name>
        <message>
            <source>See the log for details.</source>
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
            <source>This map shows much of the world: choose what the map shows, or draw the area to search.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The layer's service did not deliver: check the connection and the service, then ask again.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Type a question of one to 2,000 characters.</source>
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
            <source>Set up the engine's Python environment again in the ZoomEarth settings.</source>
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
            <source>Correct the named entry of the training file.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Correct or remove the named rows.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Lower the learning rate; the last good checkpoint was kept.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Choose an area with fewer corners.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The engine does not start: check its Python in the ZoomEarth settings; the log says more.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The system ended the engine, most often for want of memory. Ask again; if it happens again, lower the view side in the settings or choose a smaller model.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Lower the view side in the settings: the pictures of the steps are too large.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Install ZoomEarth again: some of its files are missing.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>A part of the file is damaged or missing; copy or download it again.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The server did not send a part of the file; check the network, then ask again.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The server does not answer as it should; check the address and the network, then try again.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The server does not let you read the file; check the address and your credentials.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The server has no such file; check the address.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Choose one or three bands, numbered from 1 to {count}.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The file holds several rasters; choose one of them, such as {names}.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Choose a raster of heights that can be opened, or one height for all of the ground.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Correct the model profile {name}.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Name one of {names}, a folder of weights, or a hub id that was fetched.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>This folder holds no model.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The model folder holds no weights.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The model folder is incomplete: {name} is missing.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The model is incomplete: {name} is missing.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The model's files are damaged or of another model.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Fetch it first, if its licence suits you, in the engine's environment: {command}</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Remove {name} from the folder, or convert it to safetensors first.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>This device cannot run this model in the number format that it has; choose another model.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Name a JSON file that exists.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>A script is a JSON list of texts.</source>
            <translation type="unfinished"></translation>
        </message>
    </context>
    <context>
        <name>History</name>
        <message>
            <source>Are there buildings?</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>What colour is the ship in the north?</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>What is in the top left corner?</source>
            <translation type="unfinished"></translation>
        </message>
    </context>
    <context>
        <name>Measures</name>
        <message>
            <source>{length} per pixel</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>{share} of the area</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>{width} × {height} px</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>{seconds} s</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>{minutes} min {seconds} s</source>
            <translation type="unfinished"></translation>
        </message>
    </context>
    <context>
        <name>Options</name>
        <message>
            <source>ZoomEarth</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The model's own</source>
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
        <name>Processing</name>
        <message>
            <source>Questions about rasters</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>There is no CRS {crs}.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Empty: the one in the settings.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Ask a question about a raster</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>question,answer,vision,language,model,ai,image,detect</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Asks a question in plain words; answers with text and its place.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>A vision-language model looks at an overview of the raster, zooms to the original pixels where it needs to see more, and answers.

The output has a feature for each region that the answer was read from, or one for the searched area. The answer itself is a text output, which models can go on with.

Without an area the whole raster is looked at. A map of the world needs an area.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Raster</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Question</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Extent to search</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Polygons to search</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>What lies outside of all of them is not looked at.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>CRS of the regions</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Empty: the raster's own.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Regions</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Answer</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Number of regions</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Choose an extent or polygons to search, not both.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Type a question.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The raster names no CRS, so the regions stay in its own frame.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>the whole raster</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>a part of it</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>1 question about {raster}, {place}, with model {model}: {question}</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Answer: {answer}</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Ask a question about each feature</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>question,answer,polygons,attributes,zonal,ai,model</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Asks about the place of each polygon and adds the answers as columns.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Asks about the part of the raster that each polygon covers, and adds the answer, its score and its region to the polygon's attributes.

The question is an expression, so a field can be part of it: 'What is grown on ' || "name" || '?'

The column region holds the outlines that the answer was read from, as text (WKT) in the CRS of the layer. Where a feature cannot be asked about, because it lies outside of the raster for example, the column error says why, and the others are asked all the same. Where no feature can be asked about any more, the rest gets that error, and what was answered stays.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Polygons</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Question (expression)</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Text in single quotes; fields in double quotes.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Polygons with answers</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Answered</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Failed</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The question is no valid expression: {error}</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The layer has no field {name}. Text belongs in single quotes: 'What is this?'</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Features: {count}. Each is asked about in {raster}, with model {model}: {question}</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>No further feature is asked about. {error}</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Feature {id}: {error}</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Feature {id}: {answer}</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Ask many questions about many rasters</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>question,answer,batch,folder,tiles,index,mosaic,ai,model</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Asks each question about each raster; all answers in one layer.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Asks every question about every raster. The rasters are chosen one by one, found in a folder, or named by a field of a tile index. The questions are typed, one a line, or come from a field of a table. Layers that are chosen are looked at as the project shows them; all other files as they are.

All answers go to one output in one CRS; the column source_crs names each raster's own. What could not be answered is told in the table of failures, and stops nothing.

When it is cancelled, what was answered stays in the outputs. With a batch file it stays there, too: run again with the same rasters, questions and options, and only what is left is asked.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Answers</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Failures</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>An output and the batch file are one file: choose another.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The answers and the failures are one file: choose another.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Going on with {path}.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>{count} places have none in {crs}: their geometry is empty.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The batch file keeps its answers in {crs}, as it began.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>What was answered is kept in {path}: choose it as the batch file, and the rest is asked.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>There is no raster to ask about.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>There is no question to ask.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>A question has {length} characters, more than {most}: {beginning}…</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Rasters: {rasters}. Questions about each: {questions}. In all {count}, with model {model}</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The layer {name} is no file, so the batch cannot read it. Ask about it alone.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Only QGIS can show the layer {name} as it looks: its file is read as it is.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Questions</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>One a line.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Or a table of questions</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Field with the questions</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>CRS of the answers</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Questions asked together</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Fewer need less memory.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Batch file</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>GeoPackage</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Keeps the batch, so that it can be gone on with after it was stopped: choose the same file again. A file that is there is never replaced.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Ask again what failed, if the batch file is there</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Rasters</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Or a folder of rasters</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The folders in it, too</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Names of rasters in the folder</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Patterns, separated by blanks: *.tif *_rgb.jp2</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Or a tile index</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>A layer whose features name rasters, as gdaltindex makes it.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Field with the rasters' paths</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Relative paths start at the tile index's own folder.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Choose rasters, a folder of rasters, or a tile index.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Choose only one of rasters, folder and tile index.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Choose the field of the tile index that holds the paths.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>There is no folder {folder}.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The folder {folder} holds no rasters named {patterns}.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Type questions, or choose a table of questions.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Type questions or choose a table of them, not both.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Choose the field that holds the questions.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The layer {layer} has no field {field}.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Export answers</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>export,answers,geopackage,geojson,shapefile,csv,kml,save</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Writes the project's answers, all or some, to a file.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The ending of the file's name chooses its kind:
- .gpkg: all answer layers, each a table, with their styles inside
- .geojson, .kml: in degrees on WGS 84, as these formats demand
- .shp: names of fields shortened to ten letters and texts to 254 bytes; a table beside it, NAME_fields.csv, tells which is which and what was lost
- .csv: with the outlines as text (WKT)

Without a layer, the project's own answer layers are exported; where a file holds only one, that is the main one.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Answer layer</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Empty: those of the project.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Only answers for which this is true</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Only selected answers</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>File</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Table of short names</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Answers written</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Name a file that ends in one of {endings}.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The filter is no valid expression: {error}</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The project has no answers yet: ask a question first.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The answers have no field {name}.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The filter cannot see what is selected: choose the option for it.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>This file is open in the project; choose another name.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The file holds one layer; not in it: {layers}</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Answers of {layers} to {path}, as {kind}</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Answers written: {count}</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>These answers have no CRS, which this kind of file demands.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>A Shapefile holds 254 bytes of a text; so many were cut: {counts}</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>ZoomEarth</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>ZoomEarth: questions about rasters</source>
            <translation type="unfinished"></translation>
        </message>
    </context>
    <context>
        <name>QuestionCard</name>
        <message>
            <source>Cancelled.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Put this away; the answer stays in its layer</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Cancel this question</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The failure's code, for searching and reporting</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Ask again</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Settings…</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Set up…</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Log</source>
            <translation type="unfinished"></translation>
        </message>
    </context>
    <context>
        <name>QuestionForm</name>
        <message>
            <source>Raster layer</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Settings: model, engine, zoom limit</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Ask</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Ask this question (Enter)</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Cancel</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Cancel the question that is running (Escape)</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Cancel all</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Cancel all questions, those that wait, too</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Layer</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Area</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>This layer's data source is broken.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>own CRS</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>no CRS</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>map service</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>{width} × {height} px</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>{degrees}° per pixel</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>{length} per pixel</source>
            <translation type="unfinished"></translation>
        </message>
    </context>
    <context>
        <name>QuestionLine</name>
        <message>
            <source>Ask about what you see…</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Question</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Enter asks, Escape cancels, Up and Down bring back earlier questions.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Earlier questions and examples</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Earlier</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Examples</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Forget earlier questions</source>
            <translation type="unfinished"></translation>
        </message>
    </context>
    <context>
        <name>RecordText</name>
        <message>
            <source>no coordinate reference system</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Coordinates</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Raster</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Searched</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Finest detail</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>In full detail</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Model</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Time</source>
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
        <name>Setup</name>
        <message>
            <source>Engine</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Set up the engine</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Cancel</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Check again</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Models run in a Python of their own, never in QGIS's. Setting it up fetches PyTorch and its companions from the package index, some gigabytes, once; afterwards nothing leaves this computer.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Checking {python}…</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Setting up the engine…</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Ready: Python {version}, {python}</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Python {version} is too old, 3.10 or newer is needed: {python}</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Incomplete, {missing} is missing: {python}</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Setting up was cancelled; what was there before is kept.</source>
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
    </context>
    <context>
        <name>StepStrip</name>
        <message>
            <source>Show large, with what the model wrote</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Overview</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Zoom {number}</source>
            <translation type="unfinished"></translation>
        </message>
    </context>
    <context>
        <name>StepViewer</name>
        <message>
            <source>What the model saw</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>What the model wrote at this step</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Back</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Next</source>
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
            <source>This question needs an area.</source>
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
            <source>The training file cannot be used.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The data set cannot be used.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The training stopped: its numbers grew out of bounds.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Something went wrong.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The model wrote no answer; see its reasoning.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The model did not answer in the agreed form; these are its words.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The model asked to look closer, but the limit of zooms in the settings was reached.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The model asked to look closer, but there is no closer view.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The model named several places; the first one counts.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The graphics device could not be used; see the log.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The view side in the settings is larger than this model can see, so its own was used.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The raster names no coordinate reference system; the place is in its own frame.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The raster is placed by control points only; the place is as good as what is fitted to them.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The raster is placed by rational polynomials only, for ground at one height; the place is off where the ground is higher or lower.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The raster has no geotransform; the place is in its columns and rows.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>A part of the place lies off the Earth; it stays in the raster's own CRS, without an area.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The place cannot be shown in the project's CRS; it stays in the raster's own.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Of the area {share} holds data; nothing is known of the rest.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>QGIS drew this layer for each look, in its own colours and with its own resampling.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The service names no finest resolution; {length} map units count as a pixel.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Of what the service was asked for, {count} requests failed, such as: {reason}.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Values from {ranges} are shown as black to white, as the layer has it.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Values from {ranges} are shown as black to white: 2 to 98 % of a sample.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>Values from {ranges} are shown as black to white: all of a sample.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The overview shows the mean of {pixels} pixels in one.</source>
            <translation type="unfinished"></translation>
        </message>
        <message>
            <source>The overview comes from the file's own overview 1:{factor}, however that was made.</source>
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
