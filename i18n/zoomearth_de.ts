<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en">
    <context>
        <name>AnswerCard</name>
        <message>
            <source>No answer</source>
            <translation>Keine Antwort</translation>
        </message>
        <message>
            <source>Answer</source>
            <translation>Antwort</translation>
        </message>
        <message>
            <source>The answer is in a temporary layer only: {reason} Export it to keep it.</source>
            <translation>Die Antwort steht nur in einem temporären Layer: {reason} Exportieren Sie sie, um sie zu behalten.</translation>
        </message>
        <message>
            <source>Regions that the answer was read from</source>
            <translation>Regionen, aus denen die Antwort abgelesen wurde</translation>
        </message>
        <message>
            <source>Click a region to show it on the map</source>
            <translation>Klicken Sie auf eine Region, um sie auf der Karte zu zeigen</translation>
        </message>
        <message>
            <source>unknown: no map scale</source>
            <translation>unbekannt: kein Kartenmaßstab</translation>
        </message>
        <message>
            <source>Finest detail</source>
            <translation>Feinste Auflösung</translation>
        </message>
        <message>
            <source>In full detail</source>
            <translation>In voller Auflösung</translation>
        </message>
        <message>
            <source>Shown</source>
            <translation>Gezeigt</translation>
        </message>
        <message>
            <source>Searched</source>
            <translation>Durchsucht</translation>
        </message>
        <message>
            <source>Layer</source>
            <translation>Layer</translation>
        </message>
        <message>
            <source>Model</source>
            <translation>Modell</translation>
        </message>
        <message>
            <source>What the model thought</source>
            <translation>Was das Modell dachte</translation>
        </message>
        <message>
            <source>Show on map</source>
            <translation>Auf Karte zeigen</translation>
        </message>
        <message>
            <source>Copy</source>
            <translation>Kopieren</translation>
        </message>
        <message>
            <source>Copy the answer with its place as text</source>
            <translation>Die Antwort mit ihrem Ort als Text kopieren</translation>
        </message>
        <message>
            <source>Export…</source>
            <translation>Exportieren…</translation>
        </message>
        <message>
            <source>Write the answer and its place to a GeoPackage</source>
            <translation>Antwort und Ort in ein GeoPackage schreiben</translation>
        </message>
        <message>
            <source>Region</source>
            <translation>Region</translation>
        </message>
    </context>
    <context>
        <name>AnswerLayer</name>
        <message>
            <source>This file is open in the project; choose another name.</source>
            <translation>Diese Datei ist im Projekt geöffnet; bitte einen anderen Namen wählen.</translation>
        </message>
        <message>
            <source>Ask a question first.</source>
            <translation>Bitte zuerst eine Frage stellen.</translation>
        </message>
        <message>
            <source>{title}, not saved</source>
            <translation>{title}, nicht gespeichert</translation>
        </message>
        <message>
            <source>ZoomEarth answers</source>
            <translation>ZoomEarth-Antworten</translation>
        </message>
        <message>
            <source>ZoomEarth answers (no CRS)</source>
            <translation>ZoomEarth-Antworten (ohne KBS)</translation>
        </message>
        <message>
            <source>ZoomEarth answers ({crs})</source>
            <translation>ZoomEarth-Antworten ({crs})</translation>
        </message>
        <message>
            <source>Region</source>
            <translation>Fundstelle</translation>
        </message>
        <message>
            <source>Searched area</source>
            <translation>Abgesuchter Bereich</translation>
        </message>
    </context>
    <context>
        <name>AreaChooser</name>
        <message>
            <source>Area to search</source>
            <translation>Zu durchsuchendes Gebiet</translation>
        </message>
        <message>
            <source>Whole layer</source>
            <translation>Ganzer Layer</translation>
        </message>
        <message>
            <source>What the map shows</source>
            <translation>Kartenausschnitt</translation>
        </message>
        <message>
            <source>Drawn rectangle</source>
            <translation>Gezeichnetes Rechteck</translation>
        </message>
        <message>
            <source>Drawn polygon</source>
            <translation>Gezeichnetes Polygon</translation>
        </message>
        <message>
            <source>Selected features</source>
            <translation>Gewählte Objekte</translation>
        </message>
        <message>
            <source>Each feature of a layer</source>
            <translation>Jedes Objekt eines Layers</translation>
        </message>
        <message>
            <source>Coordinates</source>
            <translation>Koordinaten</translation>
        </message>
        <message>
            <source>Draw the area on the map</source>
            <translation>Den Bereich auf der Karte zeichnen</translation>
        </message>
        <message>
            <source>Layer whose features are asked about</source>
            <translation>Layer, nach dessen Objekten gefragt wird</translation>
        </message>
        <message>
            <source>One answer for each feature; only for the selected ones where some are selected</source>
            <translation>Eine Antwort je Objekt; sind welche gewählt, nur für diese</translation>
        </message>
        <message>
            <source>Coordinates of the area</source>
            <translation>Koordinaten des Bereichs</translation>
        </message>
        <message>
            <source>west, south, east, north [EPSG:…]</source>
            <translation>West, Süd, Ost, Nord [EPSG:…]</translation>
        </message>
        <message>
            <source>West, south, east, north; in the map's CRS, or in one in brackets behind them</source>
            <translation>West, Süd, Ost, Nord; im KBS der Karte oder in dem, das in Klammern dahinter steht</translation>
        </message>
        <message>
            <source>Draw the area on the map first.</source>
            <translation>Zeichnen Sie zuerst den Bereich auf der Karte.</translation>
        </message>
        <message>
            <source>Draw the polygon on the map: click its corners, double-click the last one</source>
            <translation>Das Polygon auf der Karte zeichnen: Ecken anklicken, die letzte doppelt</translation>
        </message>
        <message>
            <source>Draw the rectangle on the map</source>
            <translation>Das Rechteck auf der Karte zeichnen</translation>
        </message>
    </context>
    <context>
        <name>Areas</name>
        <message>
            <source>Select features of a vector layer first, and make it the active layer.</source>
            <translation>Wählen Sie zuerst Objekte eines Vektorlayers und machen Sie ihn zum aktiven Layer.</translation>
        </message>
        <message>
            <source>Type west, south, east, north: four numbers, and a CRS if it is not the map's.</source>
            <translation>Geben Sie West, Süd, Ost, Nord ein: vier Zahlen, und ein KBS, wenn es nicht das der Karte ist.</translation>
        </message>
        <message>
            <source>Choose the layer whose features are to be asked about.</source>
            <translation>Wählen Sie den Layer, nach dessen Objekten gefragt werden soll.</translation>
        </message>
        <message>
            <source>Select some of the features first: at most {count} are asked about at once.</source>
            <translation>Wählen Sie zuerst einige der Objekte: Nach höchstens {count} wird auf einmal gefragt.</translation>
        </message>
        <message>
            <source>There is no geometry to search: draw one, or choose another.</source>
            <translation>Es gibt keine Geometrie, die durchsucht werden könnte: Zeichnen Sie eine, oder wählen Sie eine andere.</translation>
        </message>
    </context>
    <context>
        <name>AskTask</name>
        <message>
            <source>ZoomEarth: {question}</source>
            <translation>ZoomEarth: {question}</translation>
        </message>
    </context>
    <context>
        <name>Dock</name>
        <message>
            <source>ZoomEarth</source>
            <translation>ZoomEarth</translation>
        </message>
        <message>
            <source>The answer is in {path}</source>
            <translation>Die Antwort steht in {path}</translation>
        </message>
        <message>
            <source>This answer has no place on the map, or its layer has been removed.</source>
            <translation>Diese Antwort hat keinen Ort auf der Karte, oder ihr Layer wurde entfernt.</translation>
        </message>
        <message>
            <source>Export the answer</source>
            <translation>Antwort exportieren</translation>
        </message>
        <message>
            <source>GeoPackage</source>
            <translation>GeoPackage</translation>
        </message>
    </context>
    <context>
        <name>Environment</name>
        <message>
            <source>The engine is being set up: ask again when it is ready.</source>
            <translation>Die Engine wird gerade eingerichtet: Fragen Sie erneut, wenn sie bereit ist.</translation>
        </message>
        <message>
            <source>Install Python 3.10 or newer with its venv module (on Debian and Ubuntu: apt install python3-venv), then try again.</source>
            <translation>Python 3.10 oder neuer mit dem Modul venv installieren (unter Debian und Ubuntu: apt install python3-venv) und es dann erneut versuchen.</translation>
        </message>
        <message>
            <source>The engine is ready.</source>
            <translation>Die Rechenumgebung ist bereit.</translation>
        </message>
        <message>
            <source>Making a Python environment…</source>
            <translation>Python-Umgebung wird angelegt …</translation>
        </message>
        <message>
            <source>Installing packages…</source>
            <translation>Pakete werden installiert …</translation>
        </message>
        <message>
            <source>The engine is in use: wait for the answer, then try again.</source>
            <translation>Die Rechenumgebung wird gerade benutzt: bitte die Antwort abwarten und es dann erneut versuchen.</translation>
        </message>
        <message>
            <source>The engine needs {size} GB of disk space; free some, then try again.</source>
            <translation>Die Engine braucht {size} GB Platz; schaffen Sie Platz und versuchen Sie es erneut.</translation>
        </message>
        <message>
            <source>The engine is being set up already: wait until that is done, then try again.</source>
            <translation>Die Engine wird bereits eingerichtet: Warten Sie, bis das fertig ist, und versuchen Sie es erneut.</translation>
        </message>
        <message>
            <source>The disk is full; free some space, then try again.</source>
            <translation>Der Datenträger ist voll; bitte Platz schaffen und es dann erneut versuchen.</translation>
        </message>
        <message>
            <source>Setting up the engine failed: {said}</source>
            <translation>Die Rechenumgebung konnte nicht eingerichtet werden: {said}</translation>
        </message>
        <message>
            <source>The engine's Python in the settings does not exist: choose another one.</source>
            <translation>Das in den Einstellungen genannte Python der Rechenumgebung gibt es nicht: bitte ein anderes wählen.</translation>
        </message>
        <message>
            <source>Install the ZoomEarth plugin again: some of its files are missing.</source>
            <translation>Bitte die Erweiterung ZoomEarth neu installieren: einige ihrer Dateien fehlen.</translation>
        </message>
        <message>
            <source>ZoomEarth: checking the engine</source>
            <translation>ZoomEarth: Rechenumgebung wird geprüft</translation>
        </message>
        <message>
            <source>ZoomEarth: setting up the engine</source>
            <translation>ZoomEarth: Rechenumgebung wird eingerichtet</translation>
        </message>
    </context>
    <context>
        <name>Feed</name>
        <message>
            <source>No raster layer yet</source>
            <translation>Noch kein Rasterlayer</translation>
        </message>
        <message>
            <source>Add a satellite image, an aerial photograph or another raster, then ask.</source>
            <translation>Fügen Sie ein Satelliten- oder Luftbild oder ein anderes Raster hinzu und fragen Sie dann.</translation>
        </message>
        <message>
            <source>Add raster layer…</source>
            <translation>Rasterlayer hinzufügen…</translation>
        </message>
        <message>
            <source>Ask about what you see</source>
            <translation>Fragen Sie nach dem, was Sie sehen</translation>
        </message>
        <message>
            <source>The model looks at the whole area first, then zooms to the original pixels where it needs to see more. Nothing leaves this computer.</source>
            <translation>Das Modell betrachtet erst das ganze Gebiet und zoomt dann auf die Originalpixel, wo es mehr sehen muss. Nichts verlässt diesen Rechner.</translation>
        </message>
        <message>
            <source>Put this question into the line</source>
            <translation>Diese Frage in die Zeile übernehmen</translation>
        </message>
    </context>
    <context>
        <name>Hints</name>
        <message>
            <source>See the log for details.</source>
            <translation>Näheres steht im Protokoll.</translation>
        </message>
        <message>
            <source>Check that the file exists, is complete and is a raster that GDAL can open.</source>
            <translation>Bitte prüfen, ob die Datei vorhanden und vollständig ist und ob GDAL dieses Raster öffnen kann.</translation>
        </message>
        <message>
            <source>Every pixel of the area is nodata; choose another area or raster.</source>
            <translation>Jedes Pixel des Bereichs ist ohne Daten; bitte einen anderen Bereich oder ein anderes Raster wählen.</translation>
        </message>
        <message>
            <source>Convert the raster to integer or real pixel values first.</source>
            <translation>Das Raster zuerst in ganzzahlige oder reelle Pixelwerte umwandeln.</translation>
        </message>
        <message>
            <source>Choose an area that overlaps the raster.</source>
            <translation>Bitte einen Bereich wählen, der das Raster überlappt.</translation>
        </message>
        <message>
            <source>This map shows much of the world: choose what the map shows, or draw the area to search.</source>
            <translation>Diese Karte zeigt große Teile der Welt: Wählen Sie den Kartenausschnitt oder zeichnen Sie den Bereich, der durchsucht werden soll.</translation>
        </message>
        <message>
            <source>The layer's service did not deliver: check the connection and the service, then ask again.</source>
            <translation>Der Dienst des Layers hat nicht geliefert: Prüfen Sie Verbindung und Dienst und fragen Sie noch einmal.</translation>
        </message>
        <message>
            <source>Type a question of one to 2,000 characters.</source>
            <translation>Bitte eine Frage von einem bis 2.000 Zeichen eingeben.</translation>
        </message>
        <message>
            <source>Choose an installed model in the settings, or fetch this one first.</source>
            <translation>Bitte in den Einstellungen ein installiertes Modell wählen oder dieses zuerst herunterladen.</translation>
        </message>
        <message>
            <source>Choose a model of the Qwen2.5-VL architecture.</source>
            <translation>Bitte ein Modell der Architektur Qwen2.5-VL wählen.</translation>
        </message>
        <message>
            <source>Only safetensors weights without remote code are loaded; convert the model first.</source>
            <translation>Geladen werden nur Gewichte im Format safetensors ohne fremden Programmcode; bitte das Modell zuerst umwandeln.</translation>
        </message>
        <message>
            <source>Lower the view side in the settings, or choose a smaller model.</source>
            <translation>In den Einstellungen die Bildseite verkleinern oder ein kleineres Modell wählen.</translation>
        </message>
        <message>
            <source>Set up the engine's Python environment in the ZoomEarth settings.</source>
            <translation>Die Python-Umgebung in den ZoomEarth-Einstellungen einrichten.</translation>
        </message>
        <message>
            <source>Set up the engine's Python environment again in the ZoomEarth settings.</source>
            <translation>Richten Sie die Python-Umgebung der Engine in den ZoomEarth-Einstellungen erneut ein.</translation>
        </message>
        <message>
            <source>Ask again: the engine restarts with the next question.</source>
            <translation>Bitte noch einmal fragen: mit der nächsten Frage startet die Rechenumgebung neu.</translation>
        </message>
        <message>
            <source>Check the server's address and that it is running.</source>
            <translation>Bitte die Adresse des Servers prüfen und ob er läuft.</translation>
        </message>
        <message>
            <source>Check the server's model name, limits and credentials.</source>
            <translation>Bitte Modellname, Grenzen und Zugangsdaten des Servers prüfen.</translation>
        </message>
        <message>
            <source>Choose a folder that you may write to.</source>
            <translation>Bitte einen Ordner mit Schreibrecht wählen.</translation>
        </message>
        <message>
            <source>Free some disk space, then try again.</source>
            <translation>Bitte Speicherplatz schaffen und es dann erneut versuchen.</translation>
        </message>
        <message>
            <source>Correct the named rows and try again.</source>
            <translation>Bitte die genannten Zeilen berichtigen und es erneut versuchen.</translation>
        </message>
        <message>
            <source>Correct the named entry of the training file.</source>
            <translation>Berichtigen Sie den genannten Eintrag der Trainingsdatei.</translation>
        </message>
        <message>
            <source>Correct or remove the named rows.</source>
            <translation>Berichtigen oder entfernen Sie die genannten Zeilen.</translation>
        </message>
        <message>
            <source>Lower the learning rate; the last good checkpoint was kept.</source>
            <translation>Senken Sie die Lernrate; der letzte gute Zwischenstand wurde behalten.</translation>
        </message>
        <message>
            <source>Choose an area with fewer corners.</source>
            <translation>Wählen Sie einen Bereich mit weniger Ecken.</translation>
        </message>
        <message>
            <source>The engine does not start: check its Python in the ZoomEarth settings; the log says more.</source>
            <translation>Die Engine startet nicht: Prüfen Sie ihr Python in den ZoomEarth-Einstellungen; das Protokoll sagt mehr.</translation>
        </message>
        <message>
            <source>The system ended the engine, most often for want of memory. Ask again; if it happens again, lower the view side in the settings or choose a smaller model.</source>
            <translation>Das System hat die Engine beendet, meist aus Speichermangel. Fragen Sie erneut; geschieht es wieder, verkleinern Sie die Bildseite in den Einstellungen oder wählen Sie ein kleineres Modell.</translation>
        </message>
        <message>
            <source>Lower the view side in the settings: the pictures of the steps are too large.</source>
            <translation>Verkleinern Sie die Bildseite in den Einstellungen: Die Bilder der Schritte sind zu groß.</translation>
        </message>
        <message>
            <source>Install ZoomEarth again: some of its files are missing.</source>
            <translation>Installieren Sie ZoomEarth erneut: Einige seiner Dateien fehlen.</translation>
        </message>
        <message>
            <source>A part of the file is damaged or missing; copy or download it again.</source>
            <translation>Ein Teil der Datei ist beschädigt oder fehlt; kopieren oder laden Sie sie erneut.</translation>
        </message>
        <message>
            <source>The server did not send a part of the file; check the network, then ask again.</source>
            <translation>Der Server hat einen Teil der Datei nicht gesendet; prüfen Sie das Netz und fragen Sie noch einmal.</translation>
        </message>
        <message>
            <source>The server does not answer as it should; check the address and the network, then try again.</source>
            <translation>Der Server antwortet nicht, wie er sollte; prüfen Sie Adresse und Netz und versuchen Sie es noch einmal.</translation>
        </message>
        <message>
            <source>The server does not let you read the file; check the address and your credentials.</source>
            <translation>Der Server lässt Sie die Datei nicht lesen; prüfen Sie Adresse und Zugangsdaten.</translation>
        </message>
        <message>
            <source>The server has no such file; check the address.</source>
            <translation>Der Server hat keine solche Datei; prüfen Sie die Adresse.</translation>
        </message>
        <message>
            <source>Choose one or three bands, numbered from 1 to {count}.</source>
            <translation>Wählen Sie einen oder drei Kanäle, nummeriert von 1 bis {count}.</translation>
        </message>
        <message>
            <source>The file holds several rasters; choose one of them, such as {names}.</source>
            <translation>Die Datei enthält mehrere Raster; wählen Sie eines davon, etwa {names}.</translation>
        </message>
        <message>
            <source>Choose a raster of heights that can be opened, or one height for all of the ground.</source>
            <translation>Wählen Sie ein Höhenraster, das sich öffnen lässt, oder eine Höhe für das ganze Gelände.</translation>
        </message>
        <message>
            <source>Correct the model profile {name}.</source>
            <translation>Berichtigen Sie das Modellprofil {name}.</translation>
        </message>
        <message>
            <source>Name one of {names}, a folder of weights, or a hub id that was fetched.</source>
            <translation>Nennen Sie eines von {names}, einen Ordner mit Gewichten oder eine geladene Hub-Kennung.</translation>
        </message>
        <message>
            <source>This folder holds no model.</source>
            <translation>Dieser Ordner enthält kein Modell.</translation>
        </message>
        <message>
            <source>The model folder holds no weights.</source>
            <translation>Der Modellordner enthält keine Gewichte.</translation>
        </message>
        <message>
            <source>The model folder is incomplete: {name} is missing.</source>
            <translation>Der Modellordner ist unvollständig: {name} fehlt.</translation>
        </message>
        <message>
            <source>The model is incomplete: {name} is missing.</source>
            <translation>Das Modell ist unvollständig: {name} fehlt.</translation>
        </message>
        <message>
            <source>The model's files are damaged or of another model.</source>
            <translation>Die Dateien des Modells sind beschädigt oder gehören zu einem anderen Modell.</translation>
        </message>
        <message>
            <source>Fetch it first, if its licence suits you, in the engine's environment: {command}</source>
            <translation>Laden Sie es zuerst, wenn seine Lizenz Ihnen passt, in der Umgebung der Engine: {command}</translation>
        </message>
        <message>
            <source>Remove {name} from the folder, or convert it to safetensors first.</source>
            <translation>Entfernen Sie {name} aus dem Ordner oder wandeln Sie es zuerst in safetensors um.</translation>
        </message>
        <message>
            <source>This device cannot run this model in the number format that it has; choose another model.</source>
            <translation>Dieses Gerät kann das Modell in seinem Zahlenformat nicht rechnen; wählen Sie ein anderes Modell.</translation>
        </message>
        <message>
            <source>Name a JSON file that exists.</source>
            <translation>Nennen Sie eine vorhandene JSON-Datei.</translation>
        </message>
        <message>
            <source>A script is a JSON list of texts.</source>
            <translation>Ein Skript ist eine JSON-Liste von Texten.</translation>
        </message>
    </context>
    <context>
        <name>History</name>
        <message>
            <source>Are there buildings?</source>
            <translation>Are there buildings?</translation>
        </message>
        <message>
            <source>What colour is the ship in the north?</source>
            <translation>What colour is the ship in the north?</translation>
        </message>
        <message>
            <source>What is in the top left corner?</source>
            <translation>What is in the top left corner?</translation>
        </message>
    </context>
    <context>
        <name>Measures</name>
        <message>
            <source>{length} per pixel</source>
            <translation>{length} pro Pixel</translation>
        </message>
        <message>
            <source>{share} of the area</source>
            <translation>{share} des Bereichs</translation>
        </message>
        <message>
            <source>{width} × {height} px</source>
            <translation>{width} × {height} px</translation>
        </message>
        <message>
            <source>{seconds} s</source>
            <translation>{seconds} s</translation>
        </message>
        <message>
            <source>{minutes} min {seconds} s</source>
            <translation>{minutes} min {seconds} s</translation>
        </message>
    </context>
    <context>
        <name>Options</name>
        <message>
            <source>ZoomEarth</source>
            <translation>ZoomEarth</translation>
        </message>
        <message>
            <source>The model's own</source>
            <translation>Vom Modell vorgegeben</translation>
        </message>
    </context>
    <context>
        <name>Plugin</name>
        <message>
            <source>ZoomEarth</source>
            <translation>ZoomEarth</translation>
        </message>
        <message>
            <source>Ask a question about a raster</source>
            <translation>Eine Frage zu einem Raster stellen</translation>
        </message>
        <message>
            <source>The project was closed, so its question was cancelled.</source>
            <translation>Das Projekt wurde geschlossen, daher wurde seine Frage abgebrochen.</translation>
        </message>
    </context>
    <context>
        <name>Processing</name>
        <message>
            <source>Questions about rasters</source>
            <translation>Fragen zu Rastern</translation>
        </message>
        <message>
            <source>There is no CRS {crs}.</source>
            <translation>Ein KBS {crs} gibt es nicht.</translation>
        </message>
        <message>
            <source>Empty: the one in the settings.</source>
            <translation>Leer: das aus den Einstellungen.</translation>
        </message>
        <message>
            <source>Ask a question about a raster</source>
            <translation>Eine Frage zu einem Raster stellen</translation>
        </message>
        <message>
            <source>question,answer,vision,language,model,ai,image,detect</source>
            <translation>Frage,Antwort,Bild,Sprache,Modell,KI,erkennen</translation>
        </message>
        <message>
            <source>Asks a question in plain words; answers with text and its place.</source>
            <translation>Stellt eine Frage in einfachen Worten; antwortet mit Text und Ort.</translation>
        </message>
        <message>
            <source>A vision-language model looks at an overview of the raster, zooms to the original pixels where it needs to see more, and answers.

The output has a feature for each region that the answer was read from, or one for the searched area. The answer itself is a text output, which models can go on with.

Without an area the whole raster is looked at. A map of the world needs an area.</source>
            <translation>Ein Modell für Bild und Sprache sieht sich eine Übersicht des Rasters an, zoomt zu den ursprünglichen Pixeln, wo es mehr sehen muss, und antwortet.

Die Ausgabe hat ein Objekt für jede Region, aus der die Antwort gelesen wurde, oder eines für den durchsuchten Bereich. Die Antwort selbst ist eine Textausgabe, mit der Modelle weiterarbeiten können.

Ohne Bereich wird das ganze Raster betrachtet. Eine Weltkarte braucht einen Bereich.</translation>
        </message>
        <message>
            <source>Raster</source>
            <translation>Raster</translation>
        </message>
        <message>
            <source>Question</source>
            <translation>Frage</translation>
        </message>
        <message>
            <source>Extent to search</source>
            <translation>Ausdehnung, die durchsucht wird</translation>
        </message>
        <message>
            <source>Polygons to search</source>
            <translation>Polygone, die durchsucht werden</translation>
        </message>
        <message>
            <source>What lies outside of all of them is not looked at.</source>
            <translation>Was außerhalb von allen liegt, wird nicht betrachtet.</translation>
        </message>
        <message>
            <source>CRS of the regions</source>
            <translation>KBS der Regionen</translation>
        </message>
        <message>
            <source>Empty: the raster's own.</source>
            <translation>Leer: das des Rasters.</translation>
        </message>
        <message>
            <source>Regions</source>
            <translation>Regionen</translation>
        </message>
        <message>
            <source>Answer</source>
            <translation>Antwort</translation>
        </message>
        <message>
            <source>Number of regions</source>
            <translation>Anzahl der Regionen</translation>
        </message>
        <message>
            <source>Choose an extent or polygons to search, not both.</source>
            <translation>Wählen Sie eine Ausdehnung oder Polygone, nicht beides.</translation>
        </message>
        <message>
            <source>Type a question.</source>
            <translation>Geben Sie eine Frage ein.</translation>
        </message>
        <message>
            <source>The raster names no CRS, so the regions stay in its own frame.</source>
            <translation>Das Raster nennt kein KBS, daher bleiben die Regionen in seinem eigenen Rahmen.</translation>
        </message>
        <message>
            <source>the whole raster</source>
            <translation>das ganze Raster</translation>
        </message>
        <message>
            <source>a part of it</source>
            <translation>ein Teil davon</translation>
        </message>
        <message>
            <source>1 question about {raster}, {place}, with model {model}: {question}</source>
            <translation>1 Frage zu {raster}, {place}, mit dem Modell {model}: {question}</translation>
        </message>
        <message>
            <source>Answer: {answer}</source>
            <translation>Antwort: {answer}</translation>
        </message>
        <message>
            <source>Ask a question about each feature</source>
            <translation>Zu jedem Objekt eine Frage stellen</translation>
        </message>
        <message>
            <source>question,answer,polygons,attributes,zonal,ai,model</source>
            <translation>Frage,Antwort,Polygone,Attribute,zonal,KI,Modell</translation>
        </message>
        <message>
            <source>Asks about the place of each polygon and adds the answers as columns.</source>
            <translation>Fragt nach dem Ort jedes Polygons und fügt die Antworten als Spalten an.</translation>
        </message>
        <message>
            <source>Asks about the part of the raster that each polygon covers, and adds the answer, its score and its region to the polygon's attributes.

The question is an expression, so a field can be part of it: 'What is grown on ' || "name" || '?'

The column region holds the outlines that the answer was read from, as text (WKT) in the CRS of the layer. Where a feature cannot be asked about, because it lies outside of the raster for example, the column error says why, and the others are asked all the same. Where no feature can be asked about any more, the rest gets that error, and what was answered stays.</source>
            <translation>Fragt nach dem Teil des Rasters, den jedes Polygon bedeckt, und fügt die Antwort, ihre Bewertung und ihre Region an die Attribute des Polygons an.

Die Frage ist ein Ausdruck, ein Feld kann also Teil von ihr sein: 'Was wächst auf ' || "name" || '?'

Die Spalte region enthält die Umrisse, aus denen die Antwort gelesen wurde, als Text (WKT) im KBS des Layers. Wo nach einem Objekt nicht gefragt werden kann, weil es etwa außerhalb des Rasters liegt, sagt die Spalte error, warum; nach den anderen wird trotzdem gefragt. Wo nach keinem Objekt mehr gefragt werden kann, erhält der Rest diesen Fehler, und was beantwortet wurde, bleibt.</translation>
        </message>
        <message>
            <source>Polygons</source>
            <translation>Polygone</translation>
        </message>
        <message>
            <source>Question (expression)</source>
            <translation>Frage (Ausdruck)</translation>
        </message>
        <message>
            <source>Text in single quotes; fields in double quotes.</source>
            <translation>Text in einfachen, Felder in doppelten Anführungszeichen.</translation>
        </message>
        <message>
            <source>Polygons with answers</source>
            <translation>Polygone mit Antworten</translation>
        </message>
        <message>
            <source>Answered</source>
            <translation>Beantwortet</translation>
        </message>
        <message>
            <source>Failed</source>
            <translation>Fehlgeschlagen</translation>
        </message>
        <message>
            <source>The question is no valid expression: {error}</source>
            <translation>Die Frage ist kein gültiger Ausdruck: {error}</translation>
        </message>
        <message>
            <source>The layer has no field {name}. Text belongs in single quotes: 'What is this?'</source>
            <translation>Der Layer hat kein Feld {name}. Text gehört in einfache Anführungszeichen: 'Was ist das?'</translation>
        </message>
        <message>
            <source>Features: {count}. Each is asked about in {raster}, with model {model}: {question}</source>
            <translation>Objekte: {count}. Nach jedem wird in {raster} gefragt, mit dem Modell {model}: {question}</translation>
        </message>
        <message>
            <source>No further feature is asked about. {error}</source>
            <translation>Nach weiteren Objekten wird nicht gefragt. {error}</translation>
        </message>
        <message>
            <source>Feature {id}: {error}</source>
            <translation>Objekt {id}: {error}</translation>
        </message>
        <message>
            <source>Feature {id}: {answer}</source>
            <translation>Objekt {id}: {answer}</translation>
        </message>
        <message>
            <source>Ask many questions about many rasters</source>
            <translation>Viele Fragen zu vielen Rastern stellen</translation>
        </message>
        <message>
            <source>question,answer,batch,folder,tiles,index,mosaic,ai,model</source>
            <translation>Frage,Antwort,Stapel,Ordner,Kacheln,Index,Mosaik,KI,Modell</translation>
        </message>
        <message>
            <source>Asks each question about each raster; all answers in one layer.</source>
            <translation>Stellt jede Frage zu jedem Raster; alle Antworten in einem Layer.</translation>
        </message>
        <message>
            <source>Asks every question about every raster. The rasters are chosen one by one, found in a folder, or named by a field of a tile index. The questions are typed, one a line, or come from a field of a table. Layers that are chosen are looked at as the project shows them; all other files as they are.

All answers go to one output in one CRS; the column source_crs names each raster's own. What could not be answered is told in the table of failures, and stops nothing.

When it is cancelled, what was answered stays in the outputs. With a batch file it stays there, too: run again with the same rasters, questions and options, and only what is left is asked.</source>
            <translation>Stellt jede Frage zu jedem Raster. Die Raster werden einzeln gewählt, in einem Ordner gefunden oder von einem Feld eines Kachelindexes genannt. Die Fragen werden eingegeben, eine je Zeile, oder stammen aus einem Feld einer Tabelle. Gewählte Layer werden so betrachtet, wie das Projekt sie zeigt; alle anderen Dateien, wie sie sind.

Alle Antworten kommen in eine Ausgabe in einem KBS; die Spalte source_crs nennt das des jeweiligen Rasters. Was nicht beantwortet werden konnte, steht in der Tabelle der Fehlschläge und hält nichts auf.

Wird abgebrochen, so bleibt in den Ausgaben, was beantwortet wurde. Mit einer Stapeldatei bleibt es auch dort: Starten Sie noch einmal mit denselben Rastern, Fragen und Optionen, und nur der Rest wird gefragt.</translation>
        </message>
        <message>
            <source>Answers</source>
            <translation>Antworten</translation>
        </message>
        <message>
            <source>Failures</source>
            <translation>Fehlschläge</translation>
        </message>
        <message>
            <source>An output and the batch file are one file: choose another.</source>
            <translation>Eine Ausgabe und die Stapeldatei sind dieselbe Datei: Wählen Sie eine andere.</translation>
        </message>
        <message>
            <source>The answers and the failures are one file: choose another.</source>
            <translation>Antworten und Fehlschläge sind eine Datei: Wählen Sie eine andere.</translation>
        </message>
        <message>
            <source>Going on with {path}.</source>
            <translation>Es geht weiter mit {path}.</translation>
        </message>
        <message>
            <source>{count} places have none in {crs}: their geometry is empty.</source>
            <translation>{count} Orte haben keinen in {crs}: Ihre Geometrie ist leer.</translation>
        </message>
        <message>
            <source>The batch file keeps its answers in {crs}, as it began.</source>
            <translation>Die Stapeldatei bewahrt ihre Antworten in {crs} auf, wie sie begonnen wurde.</translation>
        </message>
        <message>
            <source>What was answered is kept in {path}: choose it as the batch file, and the rest is asked.</source>
            <translation>Was beantwortet wurde, liegt in {path}: Wählen Sie diese als Stapeldatei, und nach dem Rest wird gefragt.</translation>
        </message>
        <message>
            <source>There is no raster to ask about.</source>
            <translation>Es gibt kein Raster, zu dem gefragt werden könnte.</translation>
        </message>
        <message>
            <source>There is no question to ask.</source>
            <translation>Es gibt keine Frage.</translation>
        </message>
        <message>
            <source>A question has {length} characters, more than {most}: {beginning}…</source>
            <translation>Eine Frage hat {length} Zeichen, mehr als {most}: {beginning}…</translation>
        </message>
        <message>
            <source>Rasters: {rasters}. Questions about each: {questions}. In all {count}, with model {model}</source>
            <translation>Raster: {rasters}. Fragen zu jedem: {questions}. Insgesamt {count}, mit dem Modell {model}</translation>
        </message>
        <message>
            <source>The layer {name} is no file, so the batch cannot read it. Ask about it alone.</source>
            <translation>Der Layer {name} ist keine Datei, daher kann der Stapel ihn nicht lesen. Fragen Sie einzeln zu ihm.</translation>
        </message>
        <message>
            <source>Only QGIS can show the layer {name} as it looks: its file is read as it is.</source>
            <translation>Nur QGIS kann den Layer {name} so zeigen, wie er aussieht: Seine Datei wird gelesen, wie sie ist.</translation>
        </message>
        <message>
            <source>Questions</source>
            <translation>Fragen</translation>
        </message>
        <message>
            <source>One a line.</source>
            <translation>Eine je Zeile.</translation>
        </message>
        <message>
            <source>Or a table of questions</source>
            <translation>Oder eine Tabelle mit Fragen</translation>
        </message>
        <message>
            <source>Field with the questions</source>
            <translation>Feld mit den Fragen</translation>
        </message>
        <message>
            <source>CRS of the answers</source>
            <translation>KBS der Antworten</translation>
        </message>
        <message>
            <source>Questions asked together</source>
            <translation>Gleichzeitig gestellte Fragen</translation>
        </message>
        <message>
            <source>Fewer need less memory.</source>
            <translation>Weniger brauchen weniger Speicher.</translation>
        </message>
        <message>
            <source>Batch file</source>
            <translation>Stapeldatei</translation>
        </message>
        <message>
            <source>GeoPackage</source>
            <translation>GeoPackage</translation>
        </message>
        <message>
            <source>Keeps the batch, so that it can be gone on with after it was stopped: choose the same file again. A file that is there is never replaced.</source>
            <translation>Bewahrt den Stapel auf, sodass er nach einem Abbruch fortgesetzt werden kann: Wählen Sie dieselbe Datei noch einmal. Eine vorhandene Datei wird nie ersetzt.</translation>
        </message>
        <message>
            <source>Ask again what failed, if the batch file is there</source>
            <translation>Noch einmal fragen, was fehlschlug, falls es die Stapeldatei schon gibt</translation>
        </message>
        <message>
            <source>Rasters</source>
            <translation>Raster</translation>
        </message>
        <message>
            <source>Or a folder of rasters</source>
            <translation>Oder ein Ordner mit Rastern</translation>
        </message>
        <message>
            <source>The folders in it, too</source>
            <translation>Auch die Ordner darin</translation>
        </message>
        <message>
            <source>Names of rasters in the folder</source>
            <translation>Namen der Raster im Ordner</translation>
        </message>
        <message>
            <source>Patterns, separated by blanks: *.tif *_rgb.jp2</source>
            <translation>Muster, durch Leerzeichen getrennt: *.tif *_rgb.jp2</translation>
        </message>
        <message>
            <source>Or a tile index</source>
            <translation>Oder ein Kachelindex</translation>
        </message>
        <message>
            <source>A layer whose features name rasters, as gdaltindex makes it.</source>
            <translation>Ein Layer, dessen Objekte Raster nennen, wie gdaltindex ihn macht.</translation>
        </message>
        <message>
            <source>Field with the rasters' paths</source>
            <translation>Feld mit den Pfaden der Raster</translation>
        </message>
        <message>
            <source>Relative paths start at the tile index's own folder.</source>
            <translation>Relative Pfade beginnen beim Ordner des Kachelindexes.</translation>
        </message>
        <message>
            <source>Choose rasters, a folder of rasters, or a tile index.</source>
            <translation>Wählen Sie Raster, einen Ordner mit Rastern oder einen Kachelindex.</translation>
        </message>
        <message>
            <source>Choose only one of rasters, folder and tile index.</source>
            <translation>Wählen Sie nur eines von Rastern, Ordner und Kachelindex.</translation>
        </message>
        <message>
            <source>Choose the field of the tile index that holds the paths.</source>
            <translation>Wählen Sie das Feld des Kachelindexes mit den Pfaden.</translation>
        </message>
        <message>
            <source>There is no folder {folder}.</source>
            <translation>Es gibt keinen Ordner {folder}.</translation>
        </message>
        <message>
            <source>The folder {folder} holds no rasters named {patterns}.</source>
            <translation>Der Ordner {folder} enthält keine Raster mit Namen wie {patterns}.</translation>
        </message>
        <message>
            <source>Type questions, or choose a table of questions.</source>
            <translation>Geben Sie Fragen ein oder wählen Sie eine Tabelle mit Fragen.</translation>
        </message>
        <message>
            <source>Type questions or choose a table of them, not both.</source>
            <translation>Geben Sie Fragen ein oder wählen Sie eine Tabelle mit ihnen, nicht beides.</translation>
        </message>
        <message>
            <source>Choose the field that holds the questions.</source>
            <translation>Wählen Sie das Feld mit den Fragen.</translation>
        </message>
        <message>
            <source>The layer {layer} has no field {field}.</source>
            <translation>Der Layer {layer} hat kein Feld {field}.</translation>
        </message>
        <message>
            <source>Export answers</source>
            <translation>Antworten exportieren</translation>
        </message>
        <message>
            <source>export,answers,geopackage,geojson,shapefile,csv,kml,save</source>
            <translation>Export,Antworten,GeoPackage,GeoJSON,Shapefile,CSV,KML,speichern</translation>
        </message>
        <message>
            <source>Writes the project's answers, all or some, to a file.</source>
            <translation>Schreibt die Antworten des Projekts, alle oder einige, in eine Datei.</translation>
        </message>
        <message>
            <source>The ending of the file's name chooses its kind:
- .gpkg: all answer layers, each a table, with their styles inside
- .geojson, .kml: in degrees on WGS 84, as these formats demand
- .shp: names of fields shortened to ten letters and texts to 254 bytes; a table beside it, NAME_fields.csv, tells which is which and what was lost
- .csv: with the outlines as text (WKT)

Without a layer, the project's own answer layers are exported; where a file holds only one, that is the main one.</source>
            <translation>Die Endung des Dateinamens bestimmt die Art:
- .gpkg: alle Antwortlayer, jeder eine Tabelle, mit ihren Stilen darin
- .geojson, .kml: in Grad auf WGS 84, wie diese Formate es verlangen
- .shp: Feldnamen auf zehn Zeichen und Texte auf 254 Byte gekürzt; eine Tabelle daneben, NAME_fields.csv, sagt, was was ist und was verloren ging
- .csv: mit den Umrissen als Text (WKT)

Ohne Layer werden die Antwortlayer des Projekts exportiert; wo eine Datei nur einen fasst, ist es der wichtigste.</translation>
        </message>
        <message>
            <source>Answer layer</source>
            <translation>Antwortlayer</translation>
        </message>
        <message>
            <source>Empty: those of the project.</source>
            <translation>Leer: die des Projekts.</translation>
        </message>
        <message>
            <source>Only answers for which this is true</source>
            <translation>Nur Antworten, für die dies zutrifft</translation>
        </message>
        <message>
            <source>Only selected answers</source>
            <translation>Nur gewählte Antworten</translation>
        </message>
        <message>
            <source>File</source>
            <translation>Datei</translation>
        </message>
        <message>
            <source>Table of short names</source>
            <translation>Tabelle der Kurznamen</translation>
        </message>
        <message>
            <source>Answers written</source>
            <translation>Geschriebene Antworten</translation>
        </message>
        <message>
            <source>Name a file that ends in one of {endings}.</source>
            <translation>Nennen Sie eine Datei, die auf eines von {endings} endet.</translation>
        </message>
        <message>
            <source>The filter is no valid expression: {error}</source>
            <translation>Der Filter ist kein gültiger Ausdruck: {error}</translation>
        </message>
        <message>
            <source>The project has no answers yet: ask a question first.</source>
            <translation>Das Projekt hat noch keine Antworten: Stellen Sie zuerst eine Frage.</translation>
        </message>
        <message>
            <source>The answers have no field {name}.</source>
            <translation>Die Antworten haben kein Feld {name}.</translation>
        </message>
        <message>
            <source>The filter cannot see what is selected: choose the option for it.</source>
            <translation>Der Filter sieht nicht, was gewählt ist: Nehmen Sie die Option dafür.</translation>
        </message>
        <message>
            <source>This file is open in the project; choose another name.</source>
            <translation>Diese Datei ist im Projekt geöffnet; wählen Sie einen anderen Namen.</translation>
        </message>
        <message>
            <source>The file holds one layer; not in it: {layers}</source>
            <translation>Die Datei fasst einen Layer; nicht darin: {layers}</translation>
        </message>
        <message>
            <source>Answers of {layers} to {path}, as {kind}</source>
            <translation>Antworten aus {layers} nach {path}, als {kind}</translation>
        </message>
        <message>
            <source>Answers written: {count}</source>
            <translation>Geschriebene Antworten: {count}</translation>
        </message>
        <message>
            <source>These answers have no CRS, which this kind of file demands.</source>
            <translation>Diese Antworten haben kein KBS, das diese Art von Datei verlangt.</translation>
        </message>
        <message>
            <source>A Shapefile holds 254 bytes of a text; so many were cut: {counts}</source>
            <translation>Ein Shapefile fasst 254 Bytes eines Textes; so viele wurden gekürzt: {counts}</translation>
        </message>
        <message>
            <source>ZoomEarth</source>
            <translation>ZoomEarth</translation>
        </message>
        <message>
            <source>ZoomEarth: questions about rasters</source>
            <translation>ZoomEarth: Fragen zu Rastern</translation>
        </message>
    </context>
    <context>
        <name>QuestionCard</name>
        <message>
            <source>Cancelled.</source>
            <translation>Abgebrochen.</translation>
        </message>
        <message>
            <source>Put this away; the answer stays in its layer</source>
            <translation>Weglegen; die Antwort bleibt in ihrem Layer</translation>
        </message>
        <message>
            <source>Cancel this question</source>
            <translation>Diese Frage abbrechen</translation>
        </message>
        <message>
            <source>The failure's code, for searching and reporting</source>
            <translation>Kennung des Fehlers zum Suchen und Melden</translation>
        </message>
        <message>
            <source>Ask again</source>
            <translation>Erneut fragen</translation>
        </message>
        <message>
            <source>Settings…</source>
            <translation>Einstellungen…</translation>
        </message>
        <message>
            <source>Set up…</source>
            <translation>Einrichten…</translation>
        </message>
        <message>
            <source>Log</source>
            <translation>Protokoll</translation>
        </message>
    </context>
    <context>
        <name>QuestionForm</name>
        <message>
            <source>Raster layer</source>
            <translation>Rasterlayer</translation>
        </message>
        <message>
            <source>Settings: model, engine, zoom limit</source>
            <translation>Einstellungen: Modell, Engine, Zoomgrenze</translation>
        </message>
        <message>
            <source>Ask</source>
            <translation>Fragen</translation>
        </message>
        <message>
            <source>Ask this question (Enter)</source>
            <translation>Diese Frage stellen (Eingabetaste)</translation>
        </message>
        <message>
            <source>Cancel</source>
            <translation>Abbrechen</translation>
        </message>
        <message>
            <source>Cancel the question that is running (Escape)</source>
            <translation>Die laufende Frage abbrechen (Escape)</translation>
        </message>
        <message>
            <source>Cancel all</source>
            <translation>Alle abbrechen</translation>
        </message>
        <message>
            <source>Cancel all questions, those that wait, too</source>
            <translation>Alle Fragen abbrechen, auch die wartenden</translation>
        </message>
        <message>
            <source>Layer</source>
            <translation>Layer</translation>
        </message>
        <message>
            <source>Area</source>
            <translation>Gebiet</translation>
        </message>
        <message>
            <source>This layer's data source is broken.</source>
            <translation>Die Datenquelle dieses Layers ist defekt.</translation>
        </message>
        <message>
            <source>own CRS</source>
            <translation>eigenes KBS</translation>
        </message>
        <message>
            <source>no CRS</source>
            <translation>kein KBS</translation>
        </message>
        <message>
            <source>map service</source>
            <translation>Kartendienst</translation>
        </message>
        <message>
            <source>{width} × {height} px</source>
            <translation>{width} × {height} px</translation>
        </message>
        <message>
            <source>{degrees}° per pixel</source>
            <translation>{degrees}° pro Pixel</translation>
        </message>
        <message>
            <source>{length} per pixel</source>
            <translation>{length} pro Pixel</translation>
        </message>
    </context>
    <context>
        <name>QuestionLine</name>
        <message>
            <source>Ask about what you see…</source>
            <translation>Fragen Sie nach dem, was Sie sehen…</translation>
        </message>
        <message>
            <source>Question</source>
            <translation>Frage</translation>
        </message>
        <message>
            <source>Enter asks, Escape cancels, Up and Down bring back earlier questions.</source>
            <translation>Eingabetaste fragt, Escape bricht ab, Auf und Ab holen frühere Fragen zurück.</translation>
        </message>
        <message>
            <source>Earlier questions and examples</source>
            <translation>Frühere Fragen und Beispiele</translation>
        </message>
        <message>
            <source>Earlier</source>
            <translation>Früher</translation>
        </message>
        <message>
            <source>Examples</source>
            <translation>Beispiele</translation>
        </message>
        <message>
            <source>Forget earlier questions</source>
            <translation>Frühere Fragen vergessen</translation>
        </message>
    </context>
    <context>
        <name>RecordText</name>
        <message>
            <source>no coordinate reference system</source>
            <translation>kein Koordinatenbezugssystem</translation>
        </message>
        <message>
            <source>Coordinates</source>
            <translation>Koordinaten</translation>
        </message>
        <message>
            <source>Raster</source>
            <translation>Raster</translation>
        </message>
        <message>
            <source>Searched</source>
            <translation>Durchsucht</translation>
        </message>
        <message>
            <source>Finest detail</source>
            <translation>Feinste Auflösung</translation>
        </message>
        <message>
            <source>In full detail</source>
            <translation>In voller Auflösung</translation>
        </message>
        <message>
            <source>Model</source>
            <translation>Modell</translation>
        </message>
        <message>
            <source>Time</source>
            <translation>Zeit</translation>
        </message>
    </context>
    <context>
        <name>Settings</name>
        <message>
            <source>Model</source>
            <translation>Modell</translation>
        </message>
        <message>
            <source>Name of an installed model, a model folder, or a hub name.</source>
            <translation>Name eines installierten Modells, ein Modellordner oder ein Name im Hub.</translation>
        </message>
        <message>
            <source>Engine's Python</source>
            <translation>Python der Rechenumgebung</translation>
        </message>
        <message>
            <source>The Python interpreter that runs the model, apart from QGIS's own. Empty: found automatically.</source>
            <translation>Der Python-Interpreter, in dem das Modell läuft, getrennt von dem in QGIS. Leer: wird selbst gefunden.</translation>
        </message>
        <message>
            <source>View side (pixels)</source>
            <translation>Bildseite (Pixel)</translation>
        </message>
        <message>
            <source>Longer side of each picture that the model is shown. 0: the model's own. Larger shows more detail and needs more time and memory.</source>
            <translation>Längere Seite jedes Bildes, das dem Modell gezeigt wird. 0: die des Modells. Größere Bilder zeigen mehr Einzelheiten und brauchen mehr Zeit und Speicher.</translation>
        </message>
        <message>
            <source>Zooms at most</source>
            <translation>Höchstzahl der Zooms</translation>
        </message>
        <message>
            <source>How many times the model may zoom in. 0: it answers from the overview.</source>
            <translation>Wie oft das Modell hineinzoomen darf. 0: es antwortet anhand der Übersicht.</translation>
        </message>
        <message>
            <source>Cache folder</source>
            <translation>Cache-Ordner</translation>
        </message>
        <message>
            <source>Where overviews of rasters are kept. Empty: the system's cache folder.</source>
            <translation>Wo Übersichten der Raster aufbewahrt werden. Leer: der Cache-Ordner des Systems.</translation>
        </message>
        <message>
            <source>Package index</source>
            <translation>Paketquelle</translation>
        </message>
        <message>
            <source>Address of the Python package index for setting up the engine, such as a mirror inside your organisation. Empty: pip's own.</source>
            <translation>Adresse der Python-Paketquelle zum Einrichten der Rechenumgebung, etwa ein Spiegel im eigenen Haus. Leer: die von pip.</translation>
        </message>
    </context>
    <context>
        <name>Setup</name>
        <message>
            <source>Engine</source>
            <translation>Engine</translation>
        </message>
        <message>
            <source>Set up the engine</source>
            <translation>Engine einrichten</translation>
        </message>
        <message>
            <source>Cancel</source>
            <translation>Abbrechen</translation>
        </message>
        <message>
            <source>Check again</source>
            <translation>Erneut prüfen</translation>
        </message>
        <message>
            <source>Models run in a Python of their own, never in QGIS's. Setting it up fetches PyTorch and its companions from the package index, some gigabytes, once; afterwards nothing leaves this computer.</source>
            <translation>Modelle laufen in einem eigenen Python, nie in dem von QGIS. Das Einrichten holt PyTorch und alles Weitere einmalig vom Paketindex, einige Gigabyte; danach verlässt nichts diesen Rechner.</translation>
        </message>
        <message>
            <source>Checking {python}…</source>
            <translation>{python} wird geprüft…</translation>
        </message>
        <message>
            <source>Setting up the engine…</source>
            <translation>Die Engine wird eingerichtet…</translation>
        </message>
        <message>
            <source>Ready: Python {version}, {python}</source>
            <translation>Bereit: Python {version}, {python}</translation>
        </message>
        <message>
            <source>Python {version} is too old, 3.10 or newer is needed: {python}</source>
            <translation>Python {version} ist zu alt, nötig ist 3.10 oder neuer: {python}</translation>
        </message>
        <message>
            <source>Incomplete, {missing} is missing: {python}</source>
            <translation>Unvollständig, es fehlt {missing}: {python}</translation>
        </message>
        <message>
            <source>Setting up was cancelled; what was there before is kept.</source>
            <translation>Das Einrichten wurde abgebrochen; was vorher da war, bleibt erhalten.</translation>
        </message>
    </context>
    <context>
        <name>Sources</name>
        <message>
            <source>Add a raster to the project and choose it first.</source>
            <translation>Bitte zuerst ein Raster zum Projekt hinzufügen und auswählen.</translation>
        </message>
        <message>
            <source>Repair the layer's data source, or choose another layer.</source>
            <translation>Die Datenquelle des Layers reparieren oder einen anderen Layer wählen.</translation>
        </message>
    </context>
    <context>
        <name>StepStrip</name>
        <message>
            <source>Show large, with what the model wrote</source>
            <translation>Groß zeigen, mit dem, was das Modell schrieb</translation>
        </message>
        <message>
            <source>Overview</source>
            <translation>Übersicht</translation>
        </message>
        <message>
            <source>Zoom {number}</source>
            <translation>Zoom {number}</translation>
        </message>
    </context>
    <context>
        <name>StepViewer</name>
        <message>
            <source>What the model saw</source>
            <translation>Was das Modell sah</translation>
        </message>
        <message>
            <source>What the model wrote at this step</source>
            <translation>Was das Modell bei diesem Schritt schrieb</translation>
        </message>
        <message>
            <source>Back</source>
            <translation>Zurück</translation>
        </message>
        <message>
            <source>Next</source>
            <translation>Weiter</translation>
        </message>
    </context>
    <context>
        <name>Wording</name>
        <message>
            <source>Waiting for the question before this one…</source>
            <translation>Wartet auf die vorige Frage …</translation>
        </message>
        <message>
            <source>Starting the engine…</source>
            <translation>Rechenumgebung wird gestartet …</translation>
        </message>
        <message>
            <source>Loading the model…</source>
            <translation>Modell wird geladen …</translation>
        </message>
        <message>
            <source>Opening the raster…</source>
            <translation>Raster wird geöffnet …</translation>
        </message>
        <message>
            <source>Reading the overview…</source>
            <translation>Übersicht wird gelesen …</translation>
        </message>
        <message>
            <source>Looking…</source>
            <translation>Wird betrachtet …</translation>
        </message>
        <message>
            <source>Zooming in…</source>
            <translation>Es wird hineingezoomt …</translation>
        </message>
        <message>
            <source>Answering…</source>
            <translation>Wird beantwortet …</translation>
        </message>
        <message>
            <source>Done.</source>
            <translation>Fertig.</translation>
        </message>
        <message>
            <source>The question is empty or too long.</source>
            <translation>Die Frage ist leer oder zu lang.</translation>
        </message>
        <message>
            <source>The raster could not be read.</source>
            <translation>Das Raster konnte nicht gelesen werden.</translation>
        </message>
        <message>
            <source>There is nothing to see in this area.</source>
            <translation>In diesem Bereich ist nichts zu sehen.</translation>
        </message>
        <message>
            <source>This kind of pixel values is not supported.</source>
            <translation>Diese Art von Pixelwerten wird nicht unterstützt.</translation>
        </message>
        <message>
            <source>The area lies outside the raster.</source>
            <translation>Der Bereich liegt außerhalb des Rasters.</translation>
        </message>
        <message>
            <source>This question needs an area.</source>
            <translation>Diese Frage braucht einen Bereich.</translation>
        </message>
        <message>
            <source>The model is not installed.</source>
            <translation>Das Modell ist nicht installiert.</translation>
        </message>
        <message>
            <source>The model does not fit this engine.</source>
            <translation>Das Modell passt nicht zu dieser Rechenumgebung.</translation>
        </message>
        <message>
            <source>The model's files are not safe to load.</source>
            <translation>Die Dateien des Modells lassen sich nicht sicher laden.</translation>
        </message>
        <message>
            <source>The memory was not enough for this question.</source>
            <translation>Der Speicher reichte für diese Frage nicht aus.</translation>
        </message>
        <message>
            <source>The engine is not set up yet.</source>
            <translation>Die Rechenumgebung ist noch nicht eingerichtet.</translation>
        </message>
        <message>
            <source>The engine stopped unexpectedly.</source>
            <translation>Die Rechenumgebung wurde unerwartet beendet.</translation>
        </message>
        <message>
            <source>The engine did not reply in time.</source>
            <translation>Die Rechenumgebung hat nicht rechtzeitig geantwortet.</translation>
        </message>
        <message>
            <source>The model's server cannot be reached.</source>
            <translation>Der Server des Modells ist nicht erreichbar.</translation>
        </message>
        <message>
            <source>The model's server refused the question.</source>
            <translation>Der Server des Modells hat die Frage abgelehnt.</translation>
        </message>
        <message>
            <source>The file could not be written.</source>
            <translation>Die Datei konnte nicht geschrieben werden.</translation>
        </message>
        <message>
            <source>The disk is full.</source>
            <translation>Der Datenträger ist voll.</translation>
        </message>
        <message>
            <source>The table of jobs cannot be used.</source>
            <translation>Die Auftragstabelle ist nicht verwendbar.</translation>
        </message>
        <message>
            <source>The training file cannot be used.</source>
            <translation>Die Trainingsdatei kann nicht verwendet werden.</translation>
        </message>
        <message>
            <source>The data set cannot be used.</source>
            <translation>Der Datensatz kann nicht verwendet werden.</translation>
        </message>
        <message>
            <source>The training stopped: its numbers grew out of bounds.</source>
            <translation>Das Training wurde abgebrochen: Seine Zahlen wuchsen über alle Grenzen.</translation>
        </message>
        <message>
            <source>Something went wrong.</source>
            <translation>Etwas ist schiefgegangen.</translation>
        </message>
        <message>
            <source>The model wrote no answer; see its reasoning.</source>
            <translation>Das Modell hat keine Antwort geschrieben; siehe seine Begründung.</translation>
        </message>
        <message>
            <source>The model did not answer in the agreed form; these are its words.</source>
            <translation>Das Modell hat nicht in der vereinbarten Form geantwortet; dies sind seine Worte.</translation>
        </message>
        <message>
            <source>The model asked to look closer, but the limit of zooms in the settings was reached.</source>
            <translation>Das Modell wollte näher hinsehen, aber die Zoom-Grenze der Einstellungen war erreicht.</translation>
        </message>
        <message>
            <source>The model asked to look closer, but there is no closer view.</source>
            <translation>Das Modell wollte näher hinsehen, aber näher geht es nicht.</translation>
        </message>
        <message>
            <source>The model named several places; the first one counts.</source>
            <translation>Das Modell hat mehrere Orte genannt; der erste zählt.</translation>
        </message>
        <message>
            <source>The graphics device could not be used; see the log.</source>
            <translation>Die Grafikkarte konnte nicht benutzt werden; siehe Protokoll.</translation>
        </message>
        <message>
            <source>The view side in the settings is larger than this model can see, so its own was used.</source>
            <translation>Die Bildseite in den Einstellungen ist größer, als dieses Modell sehen kann; es wurde seine eigene benutzt.</translation>
        </message>
        <message>
            <source>The raster names no coordinate reference system; the place is in its own frame.</source>
            <translation>Das Raster nennt kein Koordinatenbezugssystem; der Ort steht in seinen eigenen Koordinaten.</translation>
        </message>
        <message>
            <source>The raster is placed by control points only; the place is as good as what is fitted to them.</source>
            <translation>Das Raster ist nur durch Passpunkte verortet; der Ort ist so genau wie das, was durch sie gelegt wird.</translation>
        </message>
        <message>
            <source>The raster is placed by rational polynomials only, for ground at one height; the place is off where the ground is higher or lower.</source>
            <translation>Das Raster ist nur durch rationale Polynome verortet, für Gelände in einer Höhe; wo es höher oder tiefer liegt, ist der Ort verschoben.</translation>
        </message>
        <message>
            <source>The raster has no geotransform; the place is in its columns and rows.</source>
            <translation>Das Raster hat keine Geotransformation; der Ort ist in seinen Spalten und Zeilen angegeben.</translation>
        </message>
        <message>
            <source>A part of the place lies off the Earth; it stays in the raster's own CRS, without an area.</source>
            <translation>Ein Teil des Ortes liegt neben der Erde; er bleibt im KBS des Rasters, ohne Fläche.</translation>
        </message>
        <message>
            <source>The place cannot be shown in the project's CRS; it stays in the raster's own.</source>
            <translation>Der Ort lässt sich im KBS des Projekts nicht zeigen; er bleibt in dem des Rasters.</translation>
        </message>
        <message>
            <source>Of the area {share} holds data; nothing is known of the rest.</source>
            <translation>Vom Bereich enthalten {share} Daten; vom Rest ist nichts bekannt.</translation>
        </message>
        <message>
            <source>QGIS drew this layer for each look, in its own colours and with its own resampling.</source>
            <translation>QGIS hat diesen Layer für jeden Blick gezeichnet, in seinen Farben und mit seiner Resampling-Methode.</translation>
        </message>
        <message>
            <source>The service names no finest resolution; {length} map units count as a pixel.</source>
            <translation>Der Dienst nennt keine feinste Auflösung; {length} Karteneinheiten gelten als ein Pixel.</translation>
        </message>
        <message>
            <source>Of what the service was asked for, {count} requests failed, such as: {reason}.</source>
            <translation>Von den Anfragen an den Dienst schlugen {count} fehl, etwa: {reason}.</translation>
        </message>
        <message>
            <source>Values from {ranges} are shown as black to white, as the layer has it.</source>
            <translation>Werte von {ranges} sind von Schwarz bis Weiß gezeigt, wie im Layer.</translation>
        </message>
        <message>
            <source>Values from {ranges} are shown as black to white: 2 to 98 % of a sample.</source>
            <translation>Werte von {ranges} sind von Schwarz bis Weiß gezeigt: 2 bis 98 % einer Stichprobe.</translation>
        </message>
        <message>
            <source>Values from {ranges} are shown as black to white: all of a sample.</source>
            <translation>Werte von {ranges} sind von Schwarz bis Weiß gezeigt: alle einer Stichprobe.</translation>
        </message>
        <message>
            <source>The overview shows the mean of {pixels} pixels in one.</source>
            <translation>Die Übersicht zeigt je Bildpunkt das Mittel von {pixels} Pixeln.</translation>
        </message>
        <message>
            <source>The overview comes from the file's own overview 1:{factor}, however that was made.</source>
            <translation>Die Übersicht stammt aus der Pyramidenstufe 1:{factor} der Datei, wie auch immer diese entstand.</translation>
        </message>
        <message>
            <source>The memory was short, so the model was shown pictures of half the size.</source>
            <translation>Der Speicher war knapp, daher bekam das Modell Bilder von halber Größe gezeigt.</translation>
        </message>
        <message>
            <source>The area was shown in full detail already; zooming added none.</source>
            <translation>Der Bereich war schon in voller Auflösung zu sehen; Zoomen brachte nichts hinzu.</translation>
        </message>
    </context>
</TS>
