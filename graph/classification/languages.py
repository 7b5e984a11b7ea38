"""Signals in German, French, Spanish, Italian, Dutch and Portuguese (accents are folded away)."""

from typing import Final

from graph.classification.query_type import QueryType
from graph.classification.signals import Signal, signal

_LOOKUP: Final = {
    "de": r"^(?:wer|wann|wo|wohin|woher|wie\s+(?:viel\w*|lange|alt|hoch|oft|gross|weit|spat|teuer|heisst)|welche[srn]?\s+(?:jahr|tag|datum|nummer|adresse|version)|wem|wessen)\b|\b(?:telefonnummer|offnungszeiten|frist|preis|kosten|gebuhr|adresse)\b",
    "fr": r"^(?:qui|quand|ou\s+(?:se|est|sont)|combien|quel(?:le)?\s+(?:est|annee|jour|heure|date|numero|prix)|a\s+quelle\s+heure|depuis\s+quand)\b|\b(?:numero\s+de\s+telephone|horaires|date\s+limite|prix|tarif|adresse)\b",
    "es": r"^¿?(?:quien|cuando|donde|cuant[oa]s?|cual\s+es|a\s+que\s+hora|desde\s+cuando|en\s+que\s+(?:ano|fecha))\b|\b(?:numero\s+de\s+telefono|horario|fecha\s+limite|precio|tarifa|direccion)\b",
    "it": r"^(?:chi|quando|dove|quant[oiae]|qual\s*(?:e|')|a\s+che\s+ora|in\s+che\s+anno)\b|\b(?:numero\s+di\s+telefono|orari[o]?|scadenza|prezzo|tariffa|indirizzo)\b",
    "nl": r"^(?:wie|wanneer|waar|hoe\s*(?:veel|lang|oud|hoog|vaak|groot|ver|laat|duur)|hoeveel|welk\s+(?:jaar|nummer|adres)|sinds\s+wanneer)\b|\b(?:telefoonnummer|openingstijden|deadline|prijs|kosten|adres)\b",
    "pt": r"^(?:quem|quando|onde|quant[oa]s?|qual\s+(?:e|o|a)|a\s+que\s+horas|em\s+que\s+ano|desde\s+quando)\b|\b(?:numero\s+de\s+telefone|horario|prazo|preco|tarifa|endereco|morada)\b",
}  # fmt: skip
_ANALYSIS: Final = {
    "de": r"\b(?:vergleich\w*|unterschied\w*|gegenuber|im\s+vergleich|durchschnitt\w*|trend\w*|entwick\w+|insgesamt|pro\s+(?:jahr|monat|bezirk|abteilung|kopf)|analys\w+|zusammenhang|widerspr\w+|gemeinsam\w*|am\s+(?:meisten|wenigsten|hochsten|besten|starksten)|anteil|ubersicht\s+uber\s+alle|in\s+den\s+letzten|unterscheid\w+)\b",
    "fr": r"\b(?:compar\w+|difference\w*|par\s+rapport\s+a|moyenne|tendance\w*|evolu\w+|analys\w+|par\s+(?:an|mois|region|service|departement)|contradi\w+|en\s+commun|le\s+(?:plus|moins)|la\s+plus|proportion|part\s+de|au\s+cours\s+des|ces\s+\w+\s+dernieres)\b",
    "es": r"\b(?:compar\w+|diferencia\w*|frente\s+a|promedio|media|tendencia\w*|evoluc\w+|evolucion\w*|analiz\w+|analisis|por\s+(?:ano|mes|region|departamento|distrito)|contradi\w+|en\s+comun|mas\s+\w+|proporcion|en\s+los\s+ultimos)\b",
    "it": r"\b(?:confront\w+|paragon\w+|differenz\w+|rispetto\s+a|media|tendenz\w+|evoluzion\w+|analizz\w+|analisi|per\s+(?:anno|mese|regione|reparto)|contraddi\w+|in\s+comune|percentuale\s+di|negli\s+ultimi)\b",
    "nl": r"\b(?:vergelijk\w*|verschil\w*|ten\s+opzichte\s+van|gemiddeld\w*|trend\w*|ontwikkel\w+|analyse\w*|per\s+(?:jaar|maand|wijk|afdeling)|tegenspr\w+|gemeen|meeste|minste|aandeel|in\s+de\s+afgelopen)\b",
    "pt": r"\b(?:compar\w+|diferenca\w*|em\s+relacao|media|tendencia\w*|evolu\w+|analis\w+|por\s+(?:ano|mes|regiao|departamento)|contradi\w+|em\s+comum|proporcao|nos\s+ultimos)\b",
}  # fmt: skip
_DOCUMENT: Final = {
    "de": r"^(?:warum|wieso|weshalb|wie\s+(?:kann|beantrag\w*|stell\w*|meld\w*|bekomm\w*|erhalt\w*|kommt|wird|werden|funktioniert|mache|soll|ist\s+geregelt|geht|muss|lauft)|erklar\w*|beschreib\w*|fass\w*|erlauter\w*|was\s+(?:sagt|steht|passiert|muss|bedeutet|besagt|schreibt|gilt|empfiehlt|regelt))\b|\b(?:laut|gemass|zusammenfassung|handbuch|richtlinie|satzung|leitfaden|zusammen$|darf\s+ich)\b",
    "fr": r"^(?:pourquoi|comment|explique\w*|decri\w*|resume\w*|que\s+(?:dit|faire|se\s+passe|prevoit|disent|recommande|signifie|precise)|qu'est-ce\s+que|que\s+doit|puis-je)\b|\b(?:selon|d'apres|resume|reglement|manuel|guide|politique\s+de|procedure)\b",
    "es": r"^¿?(?:por\s+que|como|explic\w*|describ\w*|resum\w*|que\s+(?:dice|pasa|ocurre|sucede|debo|hay\s+que|establece|recomienda|significa|indica)|puedo)\b|\b(?:segun|resumen|reglamento|manual|guia|politica\s+de|procedimiento)\b",
    "it": r"^(?:perche|come|spieg\w*|descriv\w*|riassum\w*|cosa\s+(?:dice|succede|prevede|devo|significa|stabilisce|raccomanda)|che\s+cosa\s+(?:dice|succede|prevede|devo)|posso)\b|\b(?:secondo|riassunto|regolamento|manuale|guida|procedura)\b",
    "nl": r"^(?:waarom|hoe\s+(?:kan|werkt|wordt|worden|moet|doe|vraag|zit|ga)|leg\w*|beschrijf\w*|vat\b.*\bsamen|wat\s+(?:zegt|staat|gebeurt|moet|betekent|schrijft|houdt)|mag\s+ik|verklaar)\b|\b(?:volgens|samenvatting|handboek|richtlijn|reglement|handleiding)\b",
    "pt": r"^(?:por\s+que|porque|como|expli\w*|descrev\w*|resum\w*|o\s+que\s+(?:diz|acontece|devo|significa|estabelece|recomenda|preve)|posso)\b|\b(?:segundo|de\s+acordo\s+com|resumo|regulamento|manual|guia|procedimento)\b",
}  # fmt: skip
_SCHEMA: Final = {
    "de": r"\b(?:welche\s+(?:\w+\s+)?(?:felder|spalten|attribute|tabellen|daten\w*|quellen|themen|dokumente|kategorien|entitaten|sammlungen|informationen|indizes|schlagworter)|datenmodell|struktur\s+(?:der|des)|habt\s+ihr\s+(?:daten|etwas|informationen)|gibt\s+es\s+(?:daten|dokumente|informationen|etwas)|was\s+ist\s+(?:hier|alles)\s+(?:gespeichert|drin|enthalten)|schema)\b",
    "fr": r"\b(?:quel(?:le)?s\s+(?:\w+\s+)?(?:champs|colonnes|attributs|tables|donnees|sources|sujets|themes|documents|categories|entites|collections|informations|index)|modele\s+de\s+donnees|structure\s+d[eu]|avez-vous\s+des|y\s+a-t-il\s+des\s+(?:donnees|documents)|schema)\b",
    "es": r"\b(?:que\s+(?:\w+\s+)?(?:campos|columnas|atributos|tablas|datos|fuentes|temas|documentos|categorias|entidades|colecciones|informacion|indices)\s*(?:hay|tiene|tienen|existen|estan|contiene|se)?|modelo\s+de\s+datos|estructura\s+de|hay\s+(?:datos|documentos|informacion)|esquema)\b",
    "it": r"\b(?:(?:quali|che)\s+(?:\w+\s+)?(?:campi|colonne|attributi|tabelle|dati|fonti|temi|argomenti|documenti|categorie|entita|collezioni|raccolte|informazioni|indici)|modello\s+dei?\s+dati|struttura\s+de\w+|ci\s+sono\s+(?:dati|documenti)|schema)\b",
    "nl": r"\b(?:welke\s+(?:\w+\s+)?(?:velden|kolommen|attributen|tabellen|gegevens|data|bronnen|onderwerpen|documenten|categorieen|entiteiten|collecties|informatie|indexen)|datamodel|gegevensmodel|structuur\s+van|hebben\s+jullie\s+(?:gegevens|iets)|zijn\s+er\s+(?:gegevens|documenten)|schema)\b",
    "pt": r"\b(?:(?:quais|que)\s+(?:\w+\s+)?(?:os\s+|as\s+|sao\s+)?(?:campos|colunas|atributos|tabelas|dados|fontes|temas|topicos|documentos|categorias|entidades|colecoes|informacoes|indices)|modelo\s+de\s+dados|estrutura\s+d\w+|ha\s+(?:dados|documentos)|existem\s+(?:dados|documentos)|esquema)\b",
}  # fmt: skip

# Orders to change something; the planner asks for an approval when it sees one of these.
CHANGES: Final = {
    "de": r"^(?:bitte\s+|kannst\s+du\s+|konntest\s+du\s+|konnten\s+sie\s+)?(?:losch\w*|erstell\w*|erzeug\w*|starte\w*|stopp\w*|send\w*|schick\w*|archivier\w*|verschieb\w*|benenn\w*|leg\w*\s+.*\ban$|buch\w*\b(?!haltung)|bestell\w*|aktualisier\w*|aktivier\w*|deaktivier\w*|setz\w*|entfern\w*|hinzufug\w*|fug\w*\s+.*\bhinzu|ander\w*|pausier\w*|genehmig\w*|storniere?\w*|installier\w*|schalt\w*|trag\w*\s+.*\bein$|veroffentlich\w*)\b|^(?:bitte|kannst|konntest|konnen)\b.*\b(?:loschen|erstellen|starten|stoppen|senden|schicken|archivieren|buchen|bestellen|entfernen|andern|pausieren|umbenennen|aktualisieren|anlegen)$",
    "fr": r"^(?:s'il\s+(?:te|vous)\s+plait,?\s+|peux-tu\s+|pouvez-vous\s+|pourriez-vous\s+|veuillez\s+)?(?:supprim\w+|cre(?:e|er|ez)|demarr\w+|redemarr\w+|arret\w+|envo(?:ie|yer|yez)|archiv(?:e|er|ez)|deplac\w+|renomm\w+|reserv\w+|command(?:e|er|ez)|met\w*\s+a\s+jour|mettre\s+a\s+jour|activ\w+|desactiv\w+|ajout\w+|modifi\w+|lanc\w+|annul\w+|approuv\w+|publi(?:e|er|ez)|install\w+)\b",
    "es": r"^¿?(?:por\s+favor,?\s+|puedes\s+|podrias\s+|puede\s+|podria\s+)?(?:elimin\w+|borr\w+|cre(?:a|ar|e)|inici(?:a|ar|e)|reinici\w+|deten\w*|para\s+(?:el|la)|envi(?:a|ar|e)|archiv(?:a|ar|e)|muev\w+|mover|renombr\w+|reserv(?:a|ar|e)|ped(?:ir|ido)|pide|actualiz\w+|activ(?:a|ar|e)|desactiv\w+|anad\w+|agreg\w+|cambi(?:a|ar|e)|cancel\w+|aprueb\w+|aprobar|public\w+|lanz\w+|ejecut\w+|program(?:a|ar|e))\b",
    "it": r"^(?:per\s+favore,?\s+|puoi\s+|potresti\s+|puo\s+|potrebbe\s+)?(?:elimin\w+|cancell\w+|cre(?:a|are)|avvi(?:a|are)|riavvi\w+|ferm(?:a|are)|invi(?:a|are)|mand(?:a|are)|archivi(?:a|are)|spost\w+|rinomin\w+|prenot\w+|ordin(?:a|are)|aggiorn\w+|attiv(?:a|are)|disattiv\w+|aggiung\w+|modific\w+|lanci(?:a|are)|esegu\w+|approv\w+|pubblic\w+|install\w+)\b",
    "nl": r"^(?:alsjeblieft\s+|graag\s+|kun\s+je\s+|kan\s+je\s+|kunt\s+u\s+|wil\s+je\s+)?(?:verwijder\w*|maak\b.*\baan$|creeer\w*|start\w*|herstart\w*|stop\b|stuur\w*|verstuur\w*|archiveer\w*|verplaats\w*|hernoem\w*|boek\b|reserveer\w*|bestel\w*|werk\b.*\bbij$|activeer\w*|deactiveer\w*|voeg\b.*\btoe|wijzig\w*|pauzeer\w*|annuleer\w*|publiceer\w*|zet\b)|^(?:kun|kan|kunt|wil)\b.*\b(?:verwijderen|aanmaken|starten|sturen|archiveren|boeken|bestellen|bijwerken|hernoemen|stoppen)$",
    "pt": r"^(?:por\s+favor,?\s+|pode(?:s|ria)?\s+|podes\s+)?(?:exclu\w+|apag\w+|elimin\w+|cri(?:a|ar|e)|inici(?:a|ar|e)|reinici\w+|par(?:e|ar)\s+[oa]|envi(?:a|ar|e)|arquiv(?:a|ar|e)|mov(?:a|er)|renome\w+|reserv(?:a|ar|e)|encomend\w+|pec(?:a|o)|atualiz\w+|ativ(?:a|ar|e)|desativ\w+|adicion\w+|alter(?:a|ar|e)|cancel\w+|aprov\w+|publi(?:ca|car|que)|execut\w+|agend\w+)\b",
}  # fmt: skip
_LIVE: Final = r"\b(?:lauft\s+(?:der|die|das)|status\s+(?:der|des|von|du|de|del|della|do|da|van)|lastre\s+aktuell|aktuelle\w*\s+(?:auslastung|status|stand)|etat\s+actuel|charge\s+actuelle|estado\s+actual|stato\s+attuale|huidige\s+(?:status|belasting)|estado\s+atual|fonctionne-t-il|draait\s+de|esta\s+funcionando|wie\s+viel\s+ist\s+\d|combien\s+font\s+\d|cuanto\s+es\s+\d|quanto\s+fa\s+\d|hoeveel\s+is\s+\d|quanto\s+e\s+\d|prozent\s+von\s+\d|pour\s+cent\s+de\s+\d|por\s+ciento\s+de\s+\d|per\s+cento\s+di\s+\d|procent\s+van\s+\d|por\s+cento\s+de\s+\d|racine\s+carree|quadratwurzel|raiz\s+cuadrada|radice\s+quadrata|vierkantswortel|raiz\s+quadrada|berechne|rechne|calcule[rz]?|calcula|calcola|bereken)\b"


_TABLES: Final[tuple[tuple[str, QueryType, float, dict[str, str]], ...]] = (
    ("asks for a fact", "simple_lookup", 2.4, _LOOKUP),
    ("compares or aggregates", "complex_analysis", 3.2, _ANALYSIS),
    ("asks what a text says", "rag_document", 2.7, _DOCUMENT),
    ("asks what there is", "schema_discovery", 4.2, _SCHEMA),
    ("orders a change", "tool_operation", 5.5, CHANGES),
)


def _of(code: str) -> tuple[Signal, ...]:
    live = signal("asks for live state or a sum", _LIVE, tool_operation=4.0)
    each = (signal(what, table[code], **{kind: weight}) for what, kind, weight, table in _TABLES)
    return (*each, live)


OTHER_LANGUAGES: Final = {code: _of(code) for code in CHANGES}
"""Signals by two-letter code."""
