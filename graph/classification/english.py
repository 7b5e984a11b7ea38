"""Signals in English, type by type. Weights are rough log-odds."""

from typing import Final

from graph.classification.signals import Signal, signal

_DOCUMENT: Final = (
    r"(?:handbooks?|manuals?|guides?|guidelines?|guidance|polic(?:y|ies)|protocols?|regulations?|reports?"
    r"|leaflets?|papers?|thesis|chapters?|sections?|paragraphs?|clauses?|articles?|contracts?|agreements?"
    r"|specifications?|spec|whitepapers?|memos?|minutes|brochures?|faqs?|readme|wiki|runbooks?"
    r"|playbooks?|charters?|statutes?|bylaws?|code\s+of\s+conduct|terms|documentation|docs|instructions"
    r"|notes?|acts?|directives?|standards?|checklists?|booklets?|circulars?|letters?|plan|plans|rules"
    r"|passages?|transcripts?|advisory|bulletins?|pages?|appendix|annex|preface|abstract|essay|speech)"
)
_SCHEMA_STRONG: Final = (
    r"(?:fields?|columns?|attributes?|entit(?:y|ies)|tables?|schemas?|schemata|data\s?sets?|data\s+types?"
    r"|node\s+(?:labels?|types?)|edge\s+(?:labels?|types?)|relation(?:ship)?\s+types?|ontolog\w+|taxonom\w+"
    r"|metadata|facets?|index(?:es)?|indices|namespaces?|data\s+sources?|knowledge\s+bases?|collections?"
    r"|record\s+types?|document\s+types?|content\s+types?|file\s+types?|primary\s+keys?|foreign\s+keys?"
    r"|vector\s+stores?|data\s+models?|variables|properties)"
)
_SCHEMA_SOFT: Final = (
    r"(?:topics?|categor(?:y|ies)|subjects?|tags?|sources?|repositor(?:y|ies)|corpora|areas|domains|themes"
    r"|kinds?\s+of\s+\w+|types?\s+of\s+\w+|sorts?\s+of\s+\w+|documents|files|sections|labels|folders|agents"
    r"|feeds|databases|archives|catalogues?|catalogs?|languages|relationships|relations|edges|keys|chapters|pages)"
)
_ATTRIBUTE: Final = (
    r"(?:price|cost|fee|fare|rate|date|deadline|phone|telephone|number|address|e-?mail|hours|name|id|isbn|code"
    r"|post\s?code|height|weight|length|width|depth|capacity|dosage|dose|salary|population|temperature|limit|quota"
    r"|version|size|speed|duration|age|birthday|expiry|colou?r|title|owner|author|director|manager|chair|head"
    r"|treasurer|secretary|contact|extension|serial|location|room|floor|distance|score|frequency|minimum|maximum"
    r"|max|min|threshold|budget|amount|balance|plate|allowance|wage|diameter|voltage|password|username|url|link"
    r"|port|licen[cs]e|supplier|vendor|brand|model|unit|currency|percentage|discount|tax|vat|term|venue|timezone)s?"
)
_PLURAL_NUMBER: Final = r"(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\d+)"

LOOKUP: Final[tuple[Signal, ...]] = (
    signal("asks who, when or where", r"^(?:and\s+)?(?:who|whose|whom|when|where|since\s+when|until\s+when|by\s+when|at\s+what|in\s+(?:which|what)|on\s+(?:which|what))\b", simple_lookup=2.6),
    signal("asks how many or how long", r"\bhow\s+(?:many|much|long|old|tall|far|big|often|high|late|early|fast|heavy|wide|deep|large|small|soon|thick|hot)\b", simple_lookup=2.6),
    signal("asks what one thing is", r"^(?:what|which)(?:'s|\s+(?:is|was|are|were))\s+(?!the\s+(?:process|procedure|policy|stance|position|rule|approach|difference))", simple_lookup=1.3),
    signal("asks which value", rf"^(?:what|which)\s+(?:\w+\s+)?(?:year|day|month|country|city|street|{_ATTRIBUTE})\b", simple_lookup=1.8),
    signal("names an attribute", rf"\b{_ATTRIBUTE}\b", simple_lookup=1.0),
    signal("begins or ends with an attribute", rf"^(?:the\s+)?(?:\w+\s+){{0,3}}?{_ATTRIBUTE}(?:\s+(?:of|for|in|at|on|to)\b|$)", simple_lookup=1.6),
    signal("asks yes or no about a state of affairs", r"^(?:is|was|are|were|does|did|has|have|do)\b", simple_lookup=0.9),
    signal("asks what is still so", r"\bstill\b", simple_lookup=0.7),
    signal("wants only one value", r"\b(?:only|just|exact(?:ly)?|precise(?:ly)?|one\s+(?:number|figure|value|word|fact))\b", simple_lookup=0.5),
    signal("asks to check what something is", r"^(?:check|find|look\s+up|get|give\s+me|tell|show)\s+(?:me\s+)?(?:what|when|where|who|which|how\s+(?:many|much|long))\b", simple_lookup=2.0),
    signal("asks for the meaning of an abbreviation", r"\bstands?\s+for\b|\bfull\s+form\b|\babbreviation\b|\bacronym\b", simple_lookup=2.0),
)  # fmt: skip

ANALYSIS: Final[tuple[Signal, ...]] = (
    signal("compares", r"\b(?:compar(?:e|es|ed|ing|ison|isons|ative)|contrast|versus|vs|differ(?:s|ed)?\s+(?:from|between|across|in)|differences?\s+(?:between|among|in)|similarit\w+|side\s+by\s+side|as\s+opposed\s+to|trade-?offs?|pros\s+and\s+cons)\b", complex_analysis=3.8, rag_document=-0.8, simple_lookup=-0.5),
    signal("sets sources against each other", r"\b(?:overlaps?|contradict\w*|inconsisten\w+|conflict(?:s|ing)?\s+(?:with|between)|agree\s+(?:on|with|about)|disagree\w*|same\s+(?:story|picture|conclusion|result|answer|thing)|discrepanc\w+|reconcile|cross-?(?:reference|check)|in\s+common|diverge\w*|line\s+up\s+with|consistent\s+with|match(?:es)?\s+(?:up|what))\b", complex_analysis=3.2, simple_lookup=-1.0),
    signal("asks for a trend", r"\b(?:trends?|over\s+time|year[-\s](?:over|on)[-\s]year|month\s+by\s+month|year\s+by\s+year|evol(?:ve|ved|ution)|in\s+a\s+row|consecutive|correlat\w+|trajectory|seasonal\w*|growth|net\s+change|rising|falling|declin\w+|progression|development\s+of|since\s+(?:19|20)\d\d)\b", complex_analysis=2.4),
    signal("spans a period", r"\b(?:over|during|across|in|within|for)\s+(?:the\s+)?(?:past|last|previous|recent)\s+(?:\w+\s+)?(?:years|months|weeks|quarters|seasons|decades?|terms|semesters|days)\b|\b(?:from|between)\s+(?:19|20)\d\d\s+(?:to|and|until)\s+(?:19|20)\d\d\b|\bbefore\s+and\s+after\b", complex_analysis=2.2),
    signal("asks whether it rose or fell", r"\b(?:(?:go|went|gone|going)\s+(?:up|down)|improv\w+|worsen\w*|rose|rise|risen|fell|fallen|dropped|drop|climb\w*|shift\w*|shrank|shrunk|doubled|halved)\b.*\b(?:after|since|when|between|across|over|from|following|because)\b", complex_analysis=2.6),
    signal("weighs alternatives", r"^(?:is|are|was|were|does|do|did|would|will)\b.*\bor\b.*\b(?:\w{2,}er|more|less|better|worse)\b|^(?:is|are|was|were|does|do|did|has|have)\b.*\b(?:more|less|fewer|\w{3,}er)\b.*\bthan\b", complex_analysis=3.0),
    signal("asks for the usual case of many", r"\b(?:most|least)\s+(?:frequent|common|often|likely|typical|successful|expensive|affected|cited|used|mentioned|popular)\w*\b", complex_analysis=1.8),
    signal("asks how something changed", r"\bhow\s+(?:has|have|did)\b.*\b(?:chang|grow|grew|evolv|develop|shift|var(?:y|ied)|increas|decreas|mov)\w*", complex_analysis=3.2),
    signal("aggregates", r"\b(?:average|avg|mean|median|overall|proportion|share\s+of|fraction\s+of|ratio|aggregate|combined|distribution|break\s?down|tally|cumulative|sum\s+of|total)\b", complex_analysis=1.9),
    signal("a percentage of many", r"\b(?:what|which)\s+(?:percentage|proportion|share|fraction|part)\s+of\b", complex_analysis=2.4),
    signal("per group", r"\b(?:per|by|for\s+each|grouped\s+by|broken\s+down\s+by|split\s+by|in\s+each|for\s+every)\s+(?:the\s+)?(?:district|capita|month|year|quarter|team|theme|region|country|department|category|group|type|ward|class|school|branch|faculty|customer|product|supplier|line|season|site|author|age|department|head|country|topic|vendor|station|project|version|week|day|unit|sector|city|borough|store)s?\b", complex_analysis=1.8),
    signal("across many", rf"\b(?:across|among|amongst)\s+(?:the\s+|all\s+|our\s+|these\s+|different\s+|several\s+|both\s+)?\w+|\ball\s+(?:the\s+|of\s+the\s+|our\s+)?{_PLURAL_NUMBER}\b|\beach\s+of\s+the\b|\bevery\s+one\s+of\b", complex_analysis=1.6),
    signal("across a number of them", rf"\b(?:across|among|over|in|between)\s+(?:the\s+|all\s+|our\s+)+{_PLURAL_NUMBER}\b|\b(?:across|over)\s+all\b", complex_analysis=1.4),
    signal("several named at once", rf"\b(?:both|the\s+{_PLURAL_NUMBER}|all\s+(?:of\s+)?(?:our|the))\s+(?:\w+\s+){{0,2}}?\w+s\b", complex_analysis=1.0),
    signal("ranks", r"\b(?:rank(?:ed|ing|s)?|top\s+(?:\d+|three|five|ten)|best\s+and\s+worst|order(?:ed)?\s+by|sort(?:ed)?\s+by|leaderboard|outliers?|from\s+(?:best|worst|highest|lowest|largest)\s+to)\b", complex_analysis=2.4),
    signal("which of them is most", r"\b(?:which|what|whose|who)\b.*\b(?:most|least|highest|lowest|largest|smallest|biggest|fastest|slowest|cheapest|longest|shortest|best|worst|fewest|strongest|weakest|more|less|fewer|better|worse|lower|higher|\w{3,}er\s+than)\b", complex_analysis=1.7),
    signal("which of many did something", r"^which\s+(?!\w+(?:us|ss|is)\b)\w+s\b(?!\s+(?:is|was)\b)", complex_analysis=1.0),
    signal("combines", r"\b(?:bring\s+together|combin(?:e|ing)|synthesi[sz]e|consolidate|piece\s+together|taken\s+together|put\s+together|draw(?:ing)?\s+on|join\s+up|merge\s+the\s+findings|integrat(?:e|ing)\s+the)\b", complex_analysis=2.4),
    signal("asks how two things hang together", r"\b(?:relationship|correlation|link|connection|association|interplay)\s+between\b", complex_analysis=2.4),
    signal("analyses", r"\b(?:analy[sz](?:e|ing|is)|assess|evaluate|investigate|examine|weigh\s+up|root\s+causes?|drivers?\s+of|driv(?:es|ing|en)|factors|patterns?|common\s+(?:themes?|causes?|threads?)|recurring|implications?|to\s+what\s+extent|how\s+(?:much\s+)?do(?:es)?\s+\w+\s+(?:affect|influence|impact)|affect(?:s|ed)?|influence[sd]?|impact\s+of|effect\s+of|relative\s+to|relationship\s+between|linked\s+to|explains?\s+the\s+(?:rise|fall|drop|gap|difference))\b", complex_analysis=1.9),
    signal("asks a second thing", r"^(?:what|why|how|which|where|who|when|did|do|does|is|are|was|were)\b.*\band\s+(?:what|why|how|which|where|who|did|do|does|is|are|was)\b", complex_analysis=1.0),
    signal("plus reasons", r"\b(?:plus|along\s+with|together\s+with|as\s+well\s+as|and)\s+(?:the\s+)?(?:reasons?|causes?|explanations?)\b", complex_analysis=1.4),
    signal("exceeds or falls short", r"\b(?:exceed\w*|outperform\w*|fall\s+short|fell\s+short|gap\s+between|more\s+than\s+(?:one|the\s+other)|deviat\w+|higher\s+than|lower\s+than)\b", complex_analysis=1.4),
    signal("needs many sources", r"\b(?:all|every|several|multiple|various|different)\s+(?:\w+\s+){0,2}?(?:reports|sources|documents|studies|papers|surveys|records|datasets|files|logs|minutes|reviews|interviews)\b", complex_analysis=1.3),
)  # fmt: skip

DOCUMENT: Final[tuple[Signal, ...]] = (
    signal("asks what a text says", r"\b(?:what|how|where|which)\b.*\b(?:say|says|said|stated?|states|mentions?|recommends?|advises?|advise|prescribes?|require|requires|specif(?:y|ies)|suggests?|argues?|concludes?|proposes?|describes?|defines?|claims?|reports?|explains?|forbids?|allows?|instructs?|warns?|treat|treats|address|addresses|justif(?:y|ies))\b", rag_document=2.6),
    signal("according to", r"\b(?:according\s+to|as\s+(?:described|stated|set\s+out|laid\s+out|defined|explained)\s+in|under\s+(?:the|our)\s+(?:\w+\s+){0,4}?(?:protocol|policy|rules|agreement|contract|act|regulations?|code|scheme|terms)|per\s+the\s+(?:\w+\s+)?(?:policy|guide|handbook|manual|rules)|(?:guide|manual|handbook|policy|docs?)\s+says?)\b", rag_document=3.0),
    signal("asks to explain", r"^(?:explain|describe|summari[sz]e|summary|outline|walk\s+(?:me|us)\s+through|paraphrase|elaborate|clarify|define|tl;?dr|quote|recap|give\s+(?:me\s+)?(?:an?|the)\s+(?:short\s+|brief\s+|quick\s+)?(?:overview|gist|summary|passage|explanation|description|wording|rundown)|(?:tell\s+me\s+)?(?:more\s+)?about)\b|\bexplain\s+(?:it|this|them|that)\b|\bin\s+(?:plain|simple)\s+(?:words|terms|english)\b", rag_document=3.4),
    signal("asks how", r"(?:^|,\s|\bknow\s)how\s+(?:do|does|can|could|should|is|are|was|were|would|to|did|must|may|come|the|we|i|you)\b", rag_document=2.7),
    signal("asks why", r"^(?:and\s+)?why\s+\w|\bwhat\s+(?:is|was|are|were)\s+the\s+(?:\w+\s+)?(?:reasons?|rationale|reasoning|purpose|motivation|justification|point|thinking)\b", rag_document=2.9),
    signal("asks for reasons", r"\b(?:reasons?\s+(?:\w+\s+)?(?:for|why|behind|to)|rationale|justification|reasoning\s+behind|grounds\s+for|arguments?\s+(?:for|against))\b", rag_document=2.4),
    signal("asks what happens or must be done", r"\bwhat\s+(?:happens|should\s+(?:i|we|one|you|be)|to\s+do|must|do\s+(?:i|we|you)\s+(?:need|have)|counts\s+as|qualifies|if|is\s+meant\s+by|does\s+.{2,40}\s+mean|are\s+(?:the|my|our)\s+(?:\w+\s+)?(?:rules|steps|requirements|conditions|consequences|procedures|exceptions|criteria|guidelines|risks|benefits|arguments|recommendations|obligations|duties|rights|options|symptoms|instructions|limitations|findings|conclusions|objectives|goals|principles|responsibilities|precautions))\b", rag_document=2.8),
    signal("asks for a process or a stance", r"\b(?:what|which)(?:'s|\s+is|\s+was)\s+(?:the|our|your)\s+(?:\w+\s+){0,3}?(?:process|procedure|policy|stance|position|rules?|approach|protocol|guidance|recommendation|advice|view|method|workflow|mechanism|concept|idea|meaning|definition|role|argument|conclusion|gist|practice)\b", rag_document=2.9),
    signal("terse request for a rule", r"^(?:the\s+)?(?:\w+\s+){0,2}?(?:procedure|process|steps|rules?|requirements?|guidance|instructions?|polic(?:y|ies)|conditions|criteria|exceptions?|guidelines?|advice|recommendations?|precautions|prerequisites|eligibility|method)\s+(?:for|to|on|of|about|regarding|when|if|in|around)\b", rag_document=1.9),
    signal("asks for the right way", r"\b(?:recommended|correct|right|proper|best|official|approved|safe|preferred|usual)\s+(?:way|method|procedure|approach|manner|order|practice|technique)\b|^(?:can|may|must|should|could|shall)\s+(?!you\b)\w+", rag_document=1.9),
    signal("asks under which conditions", r"\b(?:under|in|on)\s+(?:which|what)\s+(?:conditions?|rules|circumstances|grounds|terms|cases)\b|^what\b.*\bfor$", rag_document=2.6),
    signal("asks what is allowed", r"\b(?:can|may|could|must|should|do|does)\s+(?:i|we|one|you|someone|students?|staff|employees?|members?|visitors?|tenants?|patients?|customers?|users?)\b|\bam\s+i\s+(?:allowed|entitled|eligible|required|supposed)|\b(?:allowed|permitted|mandatory|compulsory|entitled|obliged|eligible|prohibited|forbidden)\b|\bis\s+it\s+(?:ok|okay|possible|necessary|required|legal|safe)\b", rag_document=1.9),
    signal("asks which papers are needed", r"\b(?:which|what)\s+(?:\w+\s+)?(?:documents?|papers?|paperwork|records?|forms?|evidence|proofs?|certificates?)\s+(?:\w+\s+)?(?:prov(?:e|es)|shows?|supports?|verif(?:y|ies)|confirms?|must|should|needs?|counts?|(?:are|is)\s+(?:needed|required|accepted|necessary|enough)|(?:do|does|must|should)\s+(?:i|we|they|one|a|the)\b)", rag_document=4.0, schema_discovery=-2.6),
    signal("names a kind of document", rf"\b{_DOCUMENT}\b", rag_document=0.9),
    signal("mentions what a document covers", rf"\b{_DOCUMENT}\b.*\b(?:mentions?|says?|describes?|covers?|talks?\s+about|discuss\w*|refers?)\b", rag_document=1.6),
    signal("asks for words of a text", r"\b(?:passage|wording|excerpt|quote|paragraph|key\s+points?|main\s+(?:points?|ideas?|arguments?|findings|message)|gist|take-?aways?|overview)\b", rag_document=2.0),
    signal("a how-to", r"^how\s*-?\s*to\b|\bbest\s+practices?\b|\bhandling\s+of\b|\bbackground\s+(?:of|to|on)\b|\bhistory\s+of\b|\bmeaning\s+of\b|\bsignificance\s+of\b", rag_document=2.0),
)  # fmt: skip

SCHEMA: Final[tuple[Signal, ...]] = (
    signal("asks which fields or tables there are", rf"\b(?:what|which|list|show|name|enumerate|give\s+me|are\s+there|do\s+(?:we|you)\s+have|available|existing|all|every|any|display|how\s+many|see)\b(?:\s+\S+){{0,4}}?\s+{_SCHEMA_STRONG}\b", schema_discovery=3.4),
    signal("names a part of a schema", rf"\b{_SCHEMA_STRONG}\b", schema_discovery=1.2),
    signal("only names parts of a schema", rf"^(?:\S+\s+){{0,3}}?{_SCHEMA_STRONG}(?:\s+(?:of|in|for|on)\b.*)?$", schema_discovery=1.8),
    signal("asks which topics or sources there are", rf"\b(?:what|which|list|name|enumerate|available|all)\b(?:\s+(?:the|are|of|our|your|all|main|different|kinds|top-level|available|known|indexed|stored|covered|is|me|us)){{0,4}}\s+{_SCHEMA_SOFT}\b", schema_discovery=2.2),
    signal("asks what is stored", r"\b(?:do|does|did|are|is)\s+(?:we|you|it|they|there|(?:the|this|our|your)\s+(?:\w+\s+){0,2}?\w+)\s+(?:also\s+|even\s+|currently\s+|already\s+)?(?:store|hold|keep|track|record|have|contain|cover|include|know|index|capture|carry|log|collect)\b(?!\s+to\b)", schema_discovery=2.2),
    signal("anything about", r"\b(?:anything|any\s+(?:data|documents?|information|info|material|content|records?|files?|entries|sources?))\b.*\b(?:on|about|for|regarding|related|concerning|from)\b|\banywhere\b|\bat\s+all\b", schema_discovery=1.8),
    signal("asks whether there is material", r"^(?:are|is)\s+there\b.*\b(?:documents?|data|records?|files?|information|info|sources?|anything|material|reports?|datasets?|entries|papers?)\b", schema_discovery=2.4),
    signal("asks what the assistant holds", r"\byou\s+(?:hold|have|cover|store|know|index|carry|contain|keep|include)\b", schema_discovery=1.8),
    signal("asks how fresh the stock is", r"\bhow\s+(?:recent|current|fresh|up[\s-]to[\s-]date|complete)\b", schema_discovery=2.2, simple_lookup=0.4),
    signal("asks what is in here", r"\bwhat(?:'s|\s+(?:is|do|can|does|all|else|exactly|kinds?|sorts?|types?|stuff))?\b.*\b(?:in\s+here|in\s+there|(?:you|we)\s+(?:actually\s+)?(?:have|know|hold|cover|contain|offer|got)|in\s+(?:the|this|your|our)\s+(?:\w+\s+)?(?:archive|index|corpus|collection|knowledge\s+base|database|system|catalogue|catalog|library|repository|graph|store|dataset))\b", schema_discovery=2.6),
    signal("asks what data there is", r"\b(?:what|which)\s+(?:\w+\s+)?(?:data|information|content|documents|material|records|files|datasets|topics|sources)\s+(?:is|are|do|does|have|has|can|exist|feed|could|on|about|for)\b", schema_discovery=2.8),
    signal("asks what can be asked", r"\bwhat\s+(?:can|could|may|should)\s+(?:i|we|one)\s+(?:ask|query|search|filter|look\s+up|find|know|learn)\b|\bwhat\s+(?:do|can|could)\s+you\s+(?:know|answer|help|do|cover)\b|\bhow\s+can\s+i\s+(?:filter|search|query)\b|\bcan\s+(?:i|we|one)\s+(?:search|query|filter|browse|ask)\b|\bsearch\s?able\b|\bfilter\s?able\b|\bquer(?:y|i)able\b", schema_discovery=3.0),
    signal("asks for structure", r"\b(?:structure|layout|schema|data\s?model|content\s+model|organi[sz]ation|shape|format|hierarchy)\s+of\s+(?:the|our|your|a|this)\s+(?:\w+\s+){0,3}?(?:data\w*|tables?|records?|index|collection|graph|archive|files?|entries|store|base|documents?|corpus|catalogue|log|metadata)\b|\bdata\s?model\b|\bcontent\s+model\b|\bschema\b", schema_discovery=3.0),
    signal("asks how data hangs together", r"\bhow\s+(?:is|are|do|does)\b.*\b(?:related|linked|connected|organi[sz]ed|structured|modelled|modeled|indexed|stored|joined|keyed|categori[sz]ed|tagged|represented|relate|link|connect)\b", schema_discovery=2.4, rag_document=-0.6),
    signal("asks about the data itself", r"\b(?:in|within|of)\s+(?:the|your|our)\s+(?:data|database|data\s?set|graph|data\s?model|schema|index|vector\s+store)\b", schema_discovery=1.6),
    signal("asks whether something is kept", r"^(?:is|are|was|were)\b.*\b(?:stored|recorded|indexed|tracked|captured|catalogued|logged)\b", schema_discovery=3.4),
    signal("asks whether something is a field", r"^(?:is|are)\b.*\b(?:field|column|attribute|property|facet|key|tag|entity|table|index|label|dataset|node\s+type|category)s?\b", schema_discovery=3.2),
    signal("asks for the ends of an archive", r"\b(?:oldest|newest|latest|most\s+recent|earliest|first|last)\b(?:\s+\w+){0,3}?\s+(?:item|document|entry|record|file|page|article)s?\b.*\b(?:in|of)\b", schema_discovery=2.4),
    signal("counts what is stored", r"\bhow\s+many\s+(?:\w+\s+)?(?:documents?|files?|pages|records|entries|articles|items|rows|chunks|topics|sources|tables|columns|fields|collections|datasets|agents|entities|nodes|categories|tags)\b(?:.*\b(?:are|do|does|have|in|were|exist|stored|indexed|there)\b|$)", schema_discovery=3.9),
    signal("asks which sources mention", r"\b(?:which|what|list|any|do\s+any|are\s+there)\s+(?:\w+\s+)?(?:sources?|documents?|files?|reports?|pages?|articles?|collections?|datasets?|papers?|guides?|records)\b.*\b(?:mention|cover|discuss|contain|talk\s+about|deal\s+with|are\s+about|exist|include|touch\s+on|refer)\w*\b", schema_discovery=2.4),
    signal("asks how far data reaches", r"\b(?:what|which)\s+(?:time|date|year)\s*(?:range|period|span|frame)?s?\b.*\b(?:cover|available|data|archive|records)\w*|\bhow\s+far\s+back\b|\bdate\s+range\b|\bdata\s+(?:available|coverage|dictionary|catalog(?:ue)?)\b", schema_discovery=2.6),
    signal("asks for possible values", r"\b(?:possible|allowed|valid|distinct|permitted|accepted|unique)\s+(?:\w+\s+){0,2}?values\b|\bdata\s?type\s+of\b|\bwhat\s+(?:type|format|unit)\s+is\b", schema_discovery=2.6),
    signal("speaks of the assistant's own stock", r"\b(?:feed|feeding|power|back|behind)\s+(?:this|the)\s+(?:assistant|bot|chat|system|search)\b|\b(?:your|this\s+assistant's)\s+(?:data|knowledge|sources|documents|agents|index|library)\b", schema_discovery=2.4),
)  # fmt: skip

TOOL: Final[tuple[Signal, ...]] = (
    signal("arithmetic", r"(?:^|[\s(=])[-+]?\d[\d,.]*\s*(?:[+*×÷^]|\s[-/x]\s|\*\*)\s*[-+(]?\d|^\(?\d[\d,.]*\s*[-/]\s*\d[\d,.]*\s*[=?)]*$", tool_operation=4.5),  # noqa: RUF001 - people write these signs
    signal("a percentage of a number", r"\d\s*(?:%|percent|per\s+cent|pct)\s+(?:of|off|from|on|tip\s+on|discount\s+on)\s+[$€£]?\d|\b[$€£]?\d[\d,.]*\s+(?:plus|minus|increased\s+by|reduced\s+by|as\s+a\s+percentage\s+of)\s+\d", tool_operation=5.0),
    signal("a mathematical operation on numbers", r"\b(?:square\s+root|sqrt|cube\s+root|factorial|logarithm|log|cosine|sine|tangent|lcm|gcd|remainder|average|mean|median|sum|product|standard\s+deviation|cube|square)\s+(?:of|when)\s+[\d(]|\d\s+(?:squared|cubed|factorial|to\s+the\s+power|modulo|mod|divided\s+by|multiplied\s+by|times|plus|minus)\b", tool_operation=4.8),
    signal("a conversion", r"\bconvert\s+[\d$€£]|^convert\b|\d\s*(?:°?[cf]\b|km|kg|lbs?|pounds?|miles?|feet|ft|inch(?:es)?|stone|litres?|liters?|gallons?|celsius|fahrenheit|usd|eur|gbp|euros?|dollars?|ounces?|oz|grams?|mph|acres?|hectares?|gb|mb|hours?|minutes|weeks|days|metres?|meters?|cm|mm)\s+(?:in|to|into|as)\s+[a-z]|\bhow\s+many\s+\w+\s+(?:are\s+)?(?:in|is)\s+(?:a|an|\d[\d.,]*)\s+\w+$", tool_operation=4.2),
    signal("asks to calculate", r"^(?:calculate|compute|work\s+out|add\s+up|subtract|multiply|divide|round)\b", tool_operation=2.4),
    signal("asks to calculate with numbers", r"^(?:calculate|compute|work\s+out|add|subtract|multiply|divide|round|what(?:'s|\s+is))\b.*\d.*\b(?:by|from|with|and|at|over|to|for|plus|times)\s+[$€£]?\d", tool_operation=2.6),
    signal("asks to write or translate", r"^(?:translate|draft|compose|rewrite|rephrase|write|generate|format|mock\s+up)\b", tool_operation=3.0),
    signal("counts between dates", r"\b(?:how\s+many|number\s+of)\s+(?:working\s+|business\s+)?(?:days|weeks|months|hours|minutes|years)\s+(?:are\s+(?:there\s+)?)?(?:between|until|till|from|since|left|to\s+go)\b|\b\d+\s+(?:days|weeks|months)\s+(?:after|before|from)\s+(?:today|now|\d|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec))", tool_operation=3.6),
)  # fmt: skip

ENGLISH: Final = (*LOOKUP, *ANALYSIS, *DOCUMENT, *SCHEMA, *TOOL)
