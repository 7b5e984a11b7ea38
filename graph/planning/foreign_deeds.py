"""Orders in other languages, beyond those that begin with a known verb."""

import re
from typing import Final

# Asked for words only.
_INFORMING: Final = (
    r"\b(?:sag\w*|erklar\w*|zeig\w*|nachs\w*|nenn\w*|beschreib\w*|fass\w*|zusammen\w*|ubersetz\w*|vergleich\w*|berechn\w*|gib\s+mir|wie|was|welche\w*|wann|wo|warum|wer|ob"
    r"|dis|dites|expliqu\w*|montr\w*|decri\w*|resum\w*|tradui\w*|compar\w*|calcul\w*|donn\w*|comment|quel\w*|quand|pourquoi|qui|combien"
    r"|di|dime|explic\w*|muestr\w*|describ\w*|traduc\w*|dame|como|cual\w*|cuando|por\s+que|quien|cuant\w*|lista|busca"
    r"|dimmi|spieg\w*|mostr\w*|in\s+ordine|descriv\w*|riassum\w*|traduci|confront\w*|quale|quali|quando|perche|chi|quant\w*|elenca|cerca"
    r"|zeg|leg\w*|toon|beschrijf|vat|vertaal|vergelijk|bereken|geef|hoe|wat|welke?|wanneer|waar|waarom|wie"
    r"|diz|diga|expliqu\w*|mostr\w*|descrev\w*|traduz\w*|qual|quais|onde|quem|wissen|savoir|saber|sapere|weten|lesen|sehen|voir|ver|vedere|lire|leer)\b"
)
_PLEASE: Final = re.compile(
    r"^(?:(?:bitte|veuillez|merci\s+de|por\s+favor|per\s+favore|per\s+piacere|alsjeblieft|alstublieft|graag)\b|merci\s+d')"
    r"|\b(?:bitte|s'il\s+(?:te|vous)\s+plait|por\s+favor|per\s+favore|alsjeblieft|alstublieft)$"
)
# "Die schlimmere bitte gleich anmelden."
_WANTED_DONE: Final = re.compile(r"\bbitte\s.*\w{3,}[er]n$")
_WISH: Final = re.compile(
    r"^(?:ich\s+(?:mochte|will|wurde\s+gern\w*)|wir\s+(?:mochten|wollen)|je\s+(?:veux|voudrais|souhaite)|nous\s+(?:voulons|voudrions)|quiero|queremos|quisiera|me\s+gustaria|vorrei|voglio|vogliamo|ik\s+wil|we\s+willen|quero|queremos|gostaria\s+de)\b"
)
_ORDER: Final = re.compile(
    r"\b(?:(?:losch|entfern|verschick|send|schick|stornier|buch|bestell|archivier|verschieb|starte?|neustart|stopp|pausier|aktualisier|aktivier|deaktivier|veroffentlich|andern|ander|kundig|umbenenn|hinzufug|eintrag|abmeld|anmeld|sperr|freigeb|uberweis|druck|schliess|offn)\w*"
    r"|(?:supprim|envoy|annul|reserv|command|arret|redemarr|demarr|archiv|deplac|publi|modifi|ajout|desactiv|activ|renomm|vir|imprim|ferm)\w*er|mettre\s+a\s+jour"
    r"|(?:borr|elimin|envi|cancel|reserv|ped|detener|reinici|inici|archiv|mov|public|modific|anad|desactiv|activ|renombr|actualiz|pag|cerr|abr)\w*(?:ar|er|ir)"
    r"|(?:cancell|elimin|invi|mand|annull|prenot|ordin|ferm|riavvi|avvi|archivi|spost|pubblic|modific|aggiung|disattiv|attiv|rinomin|aggiorn|pag|chiud)\w*(?:are|ere|ire)"
    r"|(?:verwijder|verstuur|stur|verstur|annuler|boek|bestel|archiver|verplaats|start|stop|pauzer|bijwerk|activer|deactiver|publicer|wijzig|hernoem|toevoeg|betal|sluit)\w*en"
    r"|(?:apag|exclu|envi|cancel|reserv|encomend|parar|reinici|inici|arquiv|mov|public|alter|adicion|desativ|ativ|renome|atualiz|pag|fech)\w*(?:ar|er|ir))\b"
)
# Orders that begin with a verb which the classifier's tables do not have.
_BEGINS: Final = re.compile(
    r"^(?:(?:schreib|benachrichtig|informier|kauf|zahl|bezahl|uberweis|druck|kundig|sperr|entsperr|reservier|beantrag|verschick|melde?|ruf|leite|trag|gib)e?\b(?!\s+(?:mir|uns)\b)"
    r"|(?:ecri[st]|ecrivez|previen\w*|avert\w+|paye\w*|achet\w+|imprim\w+|ferm(?:e|ez|er)|ouvr\w+|transfer\w+|bloqu\w+|debloqu\w+|rembours\w+|sign(?:e|ez|er))\b"
    r"|(?:escrib\w+|avis(?:a|ar|e)|pag(?:a|ar|ue)|compr(?:a|ar|e)|imprim\w+|cierra|cerrar|abr(?:e|ir)|transfier\w+|bloque\w+|desbloque\w+|reembols\w+|firm(?:a|ar|e)|notific\w+|reenvi\w+)\b"
    r"|(?:scriv\w+|avvis(?:a|are)|compr(?:a|are)|stamp(?:a|are)|chiud\w+|apri(?:re)?|trasfer\w+|blocc(?:a|are)|sblocc\w+|rimbors\w+|notific(?:a|are)|inoltr\w+)\b"
    r"|(?:schrijf|meld|informeer|betaal|koop|sluit|blokkeer|deblokkeer|onderteken)\b"
    r"|(?:escrev\w+|pag(?:ue|ar)|imprim\w+|fech(?:e|a|ar)|transfir\w+|bloquei\w+|desbloque\w+|reembols\w+|assin(?:e|a|ar)|notifi\w+|encaminh\w+)\b)"
)
# "mándale", "inoltragli", "registe-o": whom or what it is done to hangs on the verb.
_WITH_PRONOUN: Final = re.compile(
    r"\b(?:(?:mand|envi|reenvi|avis|cambi|reserv|pag|cancel|borr|actualiz|compr|notific|bloque|inscrib|elimin)(?:a|e)(?:me|te|l[aeo]s?|nos|sel[ao]s?)"
    r"|(?:mand|invi|inoltr|avvis|prenot|ordin|riordin|cancell|pag|stamp|aggiorn|compr|blocc|iscriv|elimin)(?:a|i)(?:gli|l[aeio]|mi|ne|ci|gliel[aeio])"
    r"|(?:envi|mand|regist|cancel|reserv|pag|atualiz|apag|compr|avis|bloquei)\w{1,2}-(?:l?[ao]s?|lhes?|me))\b"
)
_ASKS: Final = re.compile(
    r"^¿?(?:wie|was|wer|wann|wo|warum|welche\w*|darf|muss|soll|comment|quel\w*|qui|quand|ou|pourquoi|combien|que|qu'|como|cual\w*|cuando|donde|quien|cuant\w*|por\s+que|puedo|come|quale|quali|chi|quando|dove|perche|quant\w*|cosa|che|hoe|wat|wie|wanneer|waar|waarom|welke?|mag|moet|qual|quais|onde|quem|o\s+que|posso)\b"
)


def foreign_deed(plain: str, language: str) -> str | None:
    """Return the verb of an order; a polite request that asks for no words is taken for one."""
    if language == "en" or _ASKS.match(plain):
        return None
    if found := _BEGINS.match(plain):
        return found.group()
    if found := _WITH_PRONOUN.search(plain):
        return found.group()
    if (
        _PLEASE.search(plain)
        and not re.search(_INFORMING, plain)
        and _PLEASE.sub("", plain).strip()
    ):
        return plain.split()[-1]
    if found := _WANTED_DONE.search(plain):
        return None if re.search(_INFORMING, found.group()) else found.group().split()[-1]
    if _WISH.match(plain) and not re.search(_INFORMING, plain):
        found = _ORDER.search(plain)
        return found.group() if found else None
    found = re.match(r"(?:kannst|konntest|konnen|kun|kunt|kan|peux|pouvez|pourriez|puedes|podrias|puoi|potresti|pode|podes)\b.*", plain)  # fmt: skip
    if found and not re.search(_INFORMING, plain) and (order := _ORDER.search(plain)):
        return order.group()
    return None
