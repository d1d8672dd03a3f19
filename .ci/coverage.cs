// Adds up what coverlet found in every test project and prints one line an assembly. A line counts as reached when any project reached it;
// lines that the compiler's generators wrote do not count.
//   dotnet run .ci/coverage.cs -- DIRECTORY LEAST_PERCENT      exit code 1 when an assembly is below it
using System.Globalization;
using System.Xml.Linq;

var (directory, least) = (args[0], double.Parse(args[1], CultureInfo.InvariantCulture));
var reached = new Dictionary<(string Assembly, string File, int Line), bool>();
foreach (var report in Directory.EnumerateFiles(directory, "coverage.cobertura.xml", SearchOption.AllDirectories))
{
    var document = XDocument.Load(report);
    // Paths are relative to the folder that the report's files have in common, which is not the same in every report.
    var root = document.Root!.Element("sources")?.Elements("source").FirstOrDefault()?.Value ?? "";
    foreach (var package in document.Descendants("package"))
        foreach (var type in package.Descendants("class"))
        {
            var file = Path.Combine(root, type.Attribute("filename")!.Value);
            if (file.Contains("/obj/", StringComparison.Ordinal) || file.Contains("\\obj\\", StringComparison.Ordinal))
                continue;
            foreach (var line in type.Element("lines")!.Elements("line"))
            {
                var place = (package.Attribute("name")!.Value, file, int.Parse(line.Attribute("number")!.Value, CultureInfo.InvariantCulture));
                reached[place] = reached.GetValueOrDefault(place) || line.Attribute("hits")!.Value != "0";
            }
        }
}

if (reached.Count == 0)
{
    Console.Error.WriteLine($"no coverage.cobertura.xml below {directory}");
    return 1;
}

var isEnough = true;
Console.WriteLine($"{"assembly",-24} {"lines",7} {"reached",8} {"percent",8}");
foreach (var assembly in reached.GroupBy(line => line.Key.Assembly).OrderBy(assembly => assembly.Key, StringComparer.Ordinal))
{
    var (lines, count) = (assembly.Count(), assembly.Count(line => line.Value));
    var percent = 100.0 * count / lines;
    isEnough &= percent >= least;
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{assembly.Key,-24} {lines,7} {count,8} {percent,7:F1}%{(percent < least ? $"  below {least}" : "")}"));
    if (Environment.GetEnvironmentVariable("HOTSTANDBY_UNREACHED") is not null)
        foreach (var file in assembly.GroupBy(line => line.Key.File).OrderByDescending(file => file.Count(line => !line.Value)).Where(file => file.Any(line => !line.Value)))
            Console.WriteLine($"  {Path.GetFileName(file.Key)}: {string.Join(' ', file.Where(line => !line.Value).Select(line => line.Key.Line).Order())}");
}

return isEnough ? 0 : 1;
