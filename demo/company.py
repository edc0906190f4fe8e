"""The invented company: its people, its documents, and where they keep them.

Never: a real person or firm; every address ends in a reserved domain, but for private mail at a free provider.
"""

import unicodedata

DOMAIN = "halden-optics.example"
TENANT = "https://haldenoptics.sharepoint.example"
PERSONAL = "https://haldenoptics-my.sharepoint.example/personal"

# First name, last name, department, title, street, city, zip.
ROSTER = """
Ottoline|Brackwater|Optical Engineering|Senior Lens Designer|Fjellgata 14|Halden|1767
Thaddeus|Ekholm|Sales|Key Account Manager|Storgata 3|Halden|1771
Zdenka|Vrabcova|Operations|Supply Planner|Kongeveien 88|Sarpsborg|1721
Wilhelmina|Oosterhagen|Optical Engineering|Metrology Engineer|Torggata 21|Halden|1767
Kasimir|Lindqvarn|Finance|Reporting Analyst|Ringveien 7|Fredrikstad|1606
Fionnuala|O'Dwyer|Human Resources|People Partner|Skogveien 40|Halden|1783
Søren|Kjærulff|IT|Systems Administrator|Havnegata 2|Halden|1767
Anouska|Petrossian|Optical Engineering|Coating Specialist|Elvebakken 9|Halden|1769
Barnabas|Quillfeather|Sales|Sales Engineer|Parkveien 11|Moss|1530
Celestine|Duvernoy|Finance|Controller|Bakkegata 5|Halden|1771
Dragomir|Stankovski|Operations|Production Lead|Fabrikkveien 30|Halden|1788
Eulalia|Montcrieff|Sales|Sales Director|Utsikten 1|Halden|1772
Florentin|Abendroth|Optical Engineering|Simulation Engineer|Solliveien 16|Halden|1778
Gwendolyn|Treharne|Human Resources|Recruiter|Kirkegata 27|Sarpsborg|1706
Hjalmar|Nordengren|Operations|Logistics Coordinator|Brygga 6|Fredrikstad|1607
Ileana|Cristescu|Optical Engineering|Test Engineer|Furulia 12|Halden|1764
Jorunn|Fjeldheim|Finance|Payroll Accountant|Lia 33|Halden|1763
Konstantin|Weissmüller|Optical Engineering|Principal Physicist|Åsveien 4|Halden|1776
Leocadia|Ferranti|Sales|Account Manager|Torvet 8|Moss|1531
Mordecai|Applegarth|IT|Network Engineer|Remmen 19|Halden|1757
Nadezhda|Voronkova|Optical Engineering|Process Engineer|Risum 23|Halden|1768
Oluwaseun|Adeyemi-Clarke|Sales|Tender Manager|Tista 10|Halden|1767
Perpetua|Langstroth|Finance|Accounts Payable|Busterud 2|Halden|1776
Quentin|Marchbanks|Operations|Quality Manager|Grimsrød 44|Halden|1786
Rosalind|Thorvaldsen|Human Resources|HR Director|Festningsgata 1|Halden|1767
Siegfried|Buchholtzer|Optical Engineering|Mechanical Designer|Isebakke 15|Halden|1788
Theodora|Papanikolaou|Operations|Purchaser|Sponvika 7|Halden|1794
Ulrika|Sandströmer|Finance|Treasurer|Svinesund 3|Halden|1789
Valdemar|Hesselbring|IT|Help Desk Lead|Berg 61|Halden|1763
Winifred|Castlemaine|Sales|Marketing Manager|Tistedal 28|Halden|1791
Xiomara|Villaseñor|Optical Engineering|Optical Engineer|Femsjøen 5|Halden|1792
Yevgenia|Krasnopolska|Operations|Assembly Lead|Idd 17|Halden|1765
Zacharias|Hollingberry|Finance|Internal Auditor|Prestebakke 9|Halden|1796
Apollonia|Reichenbach|Optical Engineering|Lens Designer|Ørje 12|Marker|1870
Balthasar|Innerhofer|Operations|Maintenance Lead|Aremark 2|Aremark|1798
Clementina|Szymborska|Human Resources|Training Officer|Rakkestad 31|Rakkestad|1890
Desmond|Featherstone|IT|Security Engineer|Damhaugen 6|Halden|1770
Evangeline|Rautavaara|Sales|Sales Coordinator|Glenne 13|Halden|1769
Ferdinand|Uddenberg|Operations|Shift Supervisor|Sauøya 20|Halden|1771
Henrietta|Blomkvisten|Optical Engineering|Documentation Lead|Knardal 4|Halden|1772
"""

EXTERNALS = [
    ("Marguerite Dubreuil", "m.dubreuil@lumiere-instruments.example"),
    ("Anselm Ruckhaber", "anselm.ruckhaber@feinwerk-nord.example"),
    ("Priyanka Deshmukhan", "p.deshmukhan@starfield-optic.example"),
    ("Lars-Erik Tunberger", "lars-erik@glasverk-vast.example"),
    ("Cornelius Vanderhout", "vanderhout@polder-photonics.example"),
]

TITLES = ["Prism coating", "Telescope housing", "Fibre coupler", "Aspheric lens", "Beam splitter", "Night sight",
          "Supplier frame contract", "Price list", "Customer forecast", "Margin review", "Clean-room layout",
          "Interferometer rig", "Mirror substrate", "Tender answer", "Packaging line"]
KINDS = ["tolerance", "drawing", "test report", "calculation", "minutes", "specification", "draft", "overview",
         "hand-over notes", "comparison"]
EXTENSIONS = ["xlsx", "docx", "pdf", "pptx", "dwg", "step", "csv"]


def plain(text):
    """Letters of the login names: without marks, apostrophes or spaces."""
    text = text.lower().replace("ø", "o").replace("æ", "ae")
    text = unicodedata.normalize("NFKD", text)
    return "".join(c for c in text if c.isascii() and (c.isalnum() or c == "-"))


class Person:
    """Somebody of the company, with every spelling of theirs that a record may hold."""

    def __init__(self, index, first, last, department, title, street, city, zip_code):
        self.index, self.first, self.last = index, first, last
        self.department, self.title = department, title
        self.street, self.city, self.zip = street, city, zip_code
        self.name = f"{first} {last}"
        self.login = f"{plain(first)}.{plain(last)}"
        self.address = f"{self.login}@{DOMAIN}"
        # Endpoints report the name as typed at the first sign-in: capitals differ from the directory's.
        self.typed = f"{plain(first).capitalize()}.{plain(last).capitalize()}@{DOMAIN}"
        self.folder = self.address.translate(str.maketrans(".@", "__"))
        self.device = f"HO-{plain(last).upper()[:12]}-{index + 11:02}"
        self.puid = f"{0x10032001F0000000 + index * 7919:X}"
        self.object_id = f"9a4c{index:04x}-5d1f-4c02-a6b8-33f07e51d2aa"
        self.key = f"i:0h.f|membership|{self.puid.lower()}@live.com"
        self.ip = f"198.51.100.{index % 250 + 2}"
        self.home_ip = f"203.0.113.{index * 7 % 250 + 2}"
        self.personal_site = f"{PERSONAL}/{self.folder}/"
        self.team_site = f"{TENANT}/sites/{department.replace(' ', '')}/"
        self.starts_at = (5.5 + index % 5 * 0.4) * 3600  # seconds of the day, UTC
        self.activity = (1.0, 1.4, 0.7, 1.1, 0.9, 1.6)[index % 6]
        self.private = f"{plain(last)}.{plain(first)[:3]}.private@gmail.com"


def people(count):
    """The roster; beyond it, for measurements, people with built names."""
    found = [Person(i, *row.split("|")) for i, row in enumerate(ROSTER.strip().splitlines())]
    syllables = ["ba", "ke", "li", "mo", "nu", "ra", "se", "ti", "vo", "zu"]
    for i in range(len(found), count):
        like = found[i % len(found)]
        last = "".join(syllables[int(digit)] for digit in f"{i:04}").capitalize() + "sen"
        found.append(Person(i, like.first, last, like.department, like.title, like.street, like.city, like.zip))
    return found[:count]


class Document:
    """A file in the company's cloud, and its copy on a device."""

    def __init__(self, owner, title, extension, personal):
        self.name, self.extension = f"{title}.{extension}", extension
        self.site = owner.personal_site if personal else owner.team_site
        self.folder = "Documents" if personal else "Shared Documents/" + title.split(" ")[0]
        self.workload = "OneDrive" if personal else "SharePoint"
        self.url = self.site + self.folder + "/" + self.name


def document(owner, draw):
    """One of the documents that `owner` works with."""
    number = int(draw() * 400) + 1
    title = TITLES[int(draw() * len(TITLES))] + " " + KINDS[number % len(KINDS)]
    if draw() < 0.06:  # people write names into titles
        title = ("CV", "Expenses", "Appraisal")[number % 3] + " " + owner.name
    return Document(owner, f"{title} {number}", EXTENSIONS[int(draw() * len(EXTENSIONS))], draw() < 0.4)
