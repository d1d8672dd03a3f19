// A peer that names types: none is loaded, none is made. What the actor system's serialization does with this project's configuration.
using System.Runtime.Serialization;
using System.Text;
using HotStandby.Actors.Serialization;
using HotStandby.Tests.Fuzz.Targets;

namespace HotStandby.Tests.Fuzz;

public sealed class TypeGadgetTests
{
    private const string Gadget =
        """{"$type":"System.Windows.Data.ObjectDataProvider, PresentationFramework","MethodName":"Start","ObjectInstance":"""
            + """{"$type":"System.Diagnostics.Process, System"}}""";

    // Each is on the disk beside this program or in the runtime, and none is needed by it.
    [Theory]
    [InlineData("System.Data.DataSet, System.Data.Common")]
    [InlineData("System.Xml.XmlDocument, System.Xml.ReaderWriter")]
    [InlineData("System.Collections.Generic.List`1[[System.Speech.Synthesis.Prompt, System.Speech]]")]
    [InlineData("System.Net.Mail.SmtpClient, System.Net.Mail")]
    public void A_type_that_a_peer_names_for_the_JSON_serializer_is_not_loaded(string type)
    {
        var loaded = new List<string>();
        void Note(object? sender, AssemblyLoadEventArgs load) => loaded.Add(load.LoadedAssembly.GetName().Name!);
        AppDomain.CurrentDomain.AssemblyLoad += Note;
        try
        {
            var refusal = Assert.Throws<SerializationRefusedException>(
                () => SerializerTarget.System.Serialization.Deserialize(
                    Encoding.UTF8.GetBytes(Gadget), RefusingSerializer.JsonIdentifier, type));
            Assert.Contains(type, refusal.Message, StringComparison.Ordinal);
        }
        finally
        {
            AppDomain.CurrentDomain.AssemblyLoad -= Note;
        }

        Assert.DoesNotContain(type.Split(',')[^1].Trim(' ', ']'), loaded);
    }

    [Theory]
    [InlineData(48151)]
    [InlineData(-7)]
    [InlineData(int.MaxValue)]
    public void An_unknown_serializer_is_refused(int identifier) => Assert.ThrowsAny<SerializationException>(
        () => SerializerTarget.System.Serialization.Deserialize(Encoding.UTF8.GetBytes(Gadget), identifier, "A1"));

    [Theory]
    [InlineData("")]
    [InlineData("System.Diagnostics.Process, System.Diagnostics.Process")]
    [InlineData("a1")]
    public void A_manifest_that_is_none_of_ours_is_refused_by_our_serializer(string manifest) =>
        Assert.Throws<SerializationRefusedException>(
        () => SerializerTarget.System.Serialization.Deserialize(
            Encoding.UTF8.GetBytes(Gadget), ReplicationSerializer.FixedIdentifier, manifest));
}
